/** Lets the browser save a text as a file. */
export function saveText(text: string, fileName: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  // The download has begun once the click is over, but not every browser has read the address by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
