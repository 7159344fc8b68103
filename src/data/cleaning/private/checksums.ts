/** Whether the last digit is right by the formula of Luhn (ISO/IEC 7812-1, annex B). @param digits only digits */
export function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** The first digits and the lengths of the numbers of payment cards. */
const CARDS: readonly RegExp[] = [
  /^4(?:\d{12}|\d{15}|\d{18})$/, // Visa
  /^(?:5[1-5]\d{2}|2(?:22[1-9]|2[3-9]\d|[3-6]\d{2}|7[01]\d|720))\d{12}$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^62\d{14,17}$/, // UnionPay
  /^(?:6011|65\d{2}|64[4-9]\d)\d{12}$/, // Discover
  /^35(?:2[89]|[3-8]\d)\d{12}$/, // JCB
];

/** Whether a number has the first digits and the length of a payment card. */
export function isCardNumber(digits: string): boolean {
  return CARDS.some((card) => card.test(digits));
}

const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Whether the last character of a Chinese identity number is right (GB 11643-1999, ISO 7064 MOD 11-2). */
export function hasIdChecksum(number: string): boolean {
  const sum = ID_WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0);
  return '10X98765432'[sum % 11] === number[17]?.toUpperCase();
}

/**
 * The length of the bank account number (ISO 13616) at the beginning of a text, with its spaces; 0 if there is none. Words
 * in capital letters may follow it.
 */
export function ibanLength(text: string): number {
  const groups = text.split(' ');
  for (let count = groups.length; count > 0; count--) {
    const candidate = groups.slice(0, count).join(' ');
    const letters = candidate.replaceAll(' ', '');
    if (letters.length >= 15 && letters.length <= 34 && remainder97(letters) === 1) return candidate.length;
  }
  return 0;
}

/** The remainder modulo 97 after the first four characters are moved to the end and letters are A = 10 … Z = 35. */
function remainder97(iban: string): number {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}
