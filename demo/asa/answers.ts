import { type Answer, jsonAnswer } from '../wire.js';

/** The contract's error codes for each status, the usual one first. */
export const errorCodes: Readonly<Record<number, readonly [string, ...string[]]>> = {
  400: ['invalid_request'],
  401: ['authentication_error', 'authorization_error', 'server_authorization_revoked'],
  403: ['forbidden_error', 'quota_exceeded', 'disabled_team'],
  404: ['resource_does_not_exist', 'resource_deprecated'],
  408: ['request_timeout'],
  409: ['resource_already_exists'],
  415: ['unsupported_content_type'],
  429: ['too_many_requests'],
  499: ['client_closed_connection'],
  500: ['unknown_error'],
  502: ['bad_gateway'],
  503: ['service_offline'],
  504: ['gateway_timeout'],
};

export function errorAnswer(
  status: number,
  message: string,
  code = errorCodes[status]?.[0] ?? 'unknown_error',
): Answer {
  return jsonAnswer(status, { code, message });
}
