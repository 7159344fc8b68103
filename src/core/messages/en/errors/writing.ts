/** `reason`: the server's own words; empty if it says nothing. */
function told(reason: string): string {
  return reason === '' ? '' : ` It says: “${reason}”`;
}

/** Errors of models that write rows. */
export const writingErrors = {
  chat_address: ({ typed }: { typed: string }) => ({
    message: `“${typed}” is not the address of a chat model.`,
    hint: 'Write an address such as https://api.openai.com/v1 or http://localhost:11434/v1.',
  }),
  chat_address_http: ({ host }: { host: string }) => ({
    message: `A page can’t reach http://${host}: browsers block plain http to other computers.`,
    hint: 'Use https, or a server on this computer: http://localhost. The command line takes any address.',
  }),
  writer_unreachable: ({ host }: { host: string }) => ({
    message: `${host} can’t be reached. The address may be wrong, the server may not run, or it may not answer pages of other sites (CORS).`,
    hint: 'Check the address. Ollama answers this page once OLLAMA_ORIGINS contains the page’s address; vLLM has --allowed-origins; llama-server answers all pages.',
  }),
  writer_cut_off: ({ host }: { host: string }) => ({
    message: `The connection to ${host} broke during an answer, several times in a row.`,
    hint: 'Try again later. The rows that have arrived are kept.',
  }),
  writer_overloaded: ({ host, status, reason }: { host: string; status: number; reason: string }) => ({
    message: `${host} does not answer now (status ${status}).${told(reason)}`,
    hint: 'Try again later, with fewer requests a minute. The rows that have arrived are kept.',
  }),
  writer_key: {
    message: 'The key has characters that no key has.',
    hint: 'Copy it again: without spaces, line breaks or quotation marks.',
  },
  writer_key_refused: ({ host, given, reason }: { host: string; given: boolean; reason: string }) => ({
    message: `${given ? `${host} refuses the key.` : `${host} asks for a key.`}${told(reason)}`,
    hint: given ? 'Check the key and what it allows.' : 'Enter a key.',
  }),
  writer_not_found: ({ host, model, reason }: { host: string; model: string; reason: string }) => ({
    message: `${host} has no model “${model}” at this address.${told(reason)}`,
    hint: 'Check the model’s name and the address, which usually ends with /v1.',
  }),
  writer_refused: ({ host, status, reason }: { host: string; status: number; reason: string }) => ({
    message: `${host} refuses the request (status ${status}).${told(reason)}`,
    hint: 'Check the model and the length of the answers.',
  }),
  writer_no_chat: ({ host }: { host: string }) => ({
    message: `${host} answers, but not as a chat model.`,
    hint: 'Check the address, which usually ends with /v1.',
  }),
  text_file: ({ file, reason }: { file: string; reason: string }) => ({
    message: `${file} can’t be read as text. ${reason}`,
    hint: 'Save it as UTF-8, or paste its text.',
  }),
  writing_nothing: {
    message: 'There are no new rows, so no file was written.',
    hint: 'Give other rows, other ways to change them, or another prompt.',
  },
  writing_prompt_empty: {
    message: 'The prompt is empty.',
    hint: 'Write what the model should do.',
  },
  writing_prompt_field: ({ field }: { field: string }) => ({
    message: `The prompt lacks {${field}}, so the model would not see it.`,
    hint: `Write {${field}} where it belongs.`,
  }),
  writing_questions_missing: {
    message: 'There are no questions.',
    hint: 'Write one question a line.',
  },
  writing_documents_missing: {
    message: 'There are no documents.',
    hint: 'Paste a text, choose a file, or add examples that are plain texts.',
  },
  writing_rows_missing: {
    message: 'There are no rows with one question and one answer to write variations of.',
    hint: 'Add such rows, or choose another task.',
  },
};
