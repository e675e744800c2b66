import { TrawlError } from '../errors.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/client.js';

/** Twice the longest token that a header can carry. */
const answerBytesMax = 128 * 1024;

/**
 * Asks for a token. Several callers may wait for one such request, so its answer must not wait for memory that one of them
 * holds: it is short.
 * @param setting the setting that names the server
 * @throws TrawlError ANSWER_UNREADABLE if the answer is too long to be a token, or as the client does
 */
export async function requestToken(http: HttpClient, request: HttpRequest, setting: string): Promise<HttpAnswer> {
  try {
    return await http.request({ ...request, bodyBytesMax: answerBytesMax });
  } catch (error) {
    if (!(error instanceof TrawlError) || error.code !== 'PAGE_TOO_LARGE') throw error;
    throw new TrawlError('ANSWER_UNREADABLE', 'The answer to the request for a token is too long to be one.', {
      hint: `The request is retried; if this persists, check ${setting} and any proxy in between.`,
    });
  }
}
