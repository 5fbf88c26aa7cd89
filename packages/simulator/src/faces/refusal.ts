/** A refusal: status, body, and headers beyond those of every answer. */
export interface Refusal {
  readonly status: number;
  /** The body as it goes out, or what is wrong, to be put into the body of the face that answers. */
  readonly body: string | ErrorFields;
  readonly headers: readonly string[];
}

/** An error in OpenAI's words. */
export interface ErrorFields {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

export const JSON_TYPE: readonly string[] = ['content-type', 'application/json'];

/** A refusal whose body the vendor has already formed. */
export const refusal = (
  status: number,
  body: unknown,
  headers: readonly string[] = [],
): Refusal => ({
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: [...JSON_TYPE, ...headers],
});
