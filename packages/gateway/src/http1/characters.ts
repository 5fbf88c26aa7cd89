/** Codes of the characters that HTTP/1.1 is framed with. */
export const CR = 13;
export const LF = 10;
export const COLON = 0x3a;

/** RFC 9110 section 5.6.2: 1 for what a method or a field's name is made of. By code, which must be below 256. */
export const TOKEN = tableOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
/** RFC 9110 section 5.5: 1 for what a field's value is made of. */
export const VALUE = tableOf(/[\t\x20-\x7e\x80-\xff]/);

function tableOf(class_: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) =>
    class_.test(String.fromCharCode(code)) ? 1 : 0,
  );
}
