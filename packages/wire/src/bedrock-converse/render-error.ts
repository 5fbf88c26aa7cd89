/** Exceptions by the status they come with: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors */
const EXCEPTIONS: ReadonlyMap<number, string> = new Map([
  [400, 'ValidationException'],
  [401, 'UnrecognizedClientException'],
  [403, 'AccessDeniedException'],
  [404, 'ResourceNotFoundException'],
  [408, 'ModelTimeoutException'],
  [424, 'ModelErrorException'],
  [429, 'ThrottlingException'],
  [503, 'ServiceUnavailableException'],
]);

interface Refusal {
  readonly message: string;
  readonly status: number;
}

function exceptionOf(status: number): string {
  const exact = EXCEPTIONS.get(status);
  if (exact !== undefined) return exact;
  return status >= 400 && status < 500 ? 'ValidationException' : 'InternalServerException';
}

/** The body of an error. SDKs read its name here where no `x-amzn-errortype` header tells it. */
export function renderError({ message, status }: Refusal): string {
  return JSON.stringify({ __type: exceptionOf(status), message });
}

/** What a stream may be told of a failure: the exceptions that ConverseStreamOutput knows. */
const IN_STREAM: ReadonlySet<string> = new Set([
  'InternalServerException',
  'ModelStreamErrorException',
  'ServiceUnavailableException',
  'ThrottlingException',
  'ValidationException',
]);

/** The event that ends a stream in failure: name and data of its frame. */
export function renderStreamError({ message, status }: Refusal): {
  readonly name: string;
  readonly data: string;
} {
  const exception = exceptionOf(status);
  const known = IN_STREAM.has(exception) ? exception : 'ModelStreamErrorException';
  const member = known.charAt(0).toLowerCase() + known.slice(1);
  return { name: `exception:${member}`, data: JSON.stringify({ message }) };
}
