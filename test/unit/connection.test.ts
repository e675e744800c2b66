import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configuredTemporal } from '../../src/temporal/connection.js';

/** An environment whose temporal.toml has this text. */
function toml(text: string): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, text);
  return { TEMPORAL_CONFIG_FILE: file };
}

function refusal(env: Record<string, string>): Error {
  try {
    configuredTemporal(env);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken');
}

describe('temporal.toml', () => {
  it('names a server', () => {
    expect(
      configuredTemporal(toml('[profile.default]\naddress = "10.0.0.1:7233"\nnamespace = "audit"\n')),
    ).toMatchObject({ namespace: 'audit', connection: { address: '10.0.0.1:7233' } });
  });

  it.each([
    ['a key that is not closed', '[profile.default]\naddress = "a:1"\napi_key = "marked-secret\n', 'line 3'],
    ['a key without quotes', '[profile.default]\napi_key = marked-secret\naddress = "a:1"\n', 'line 2'],
    ['an error below a key', '[profile.default]\napi_key = "marked-secret"\naddress = \n', 'line 3'],
    ['an error above a key', '[profile.default\napi_key = "marked-secret"\n', 'line 1'],
    ['a key that is in the wrong place', 'profile = "marked-secret"\n[profile.default]\n', 'line 2'],
    [
      'a key in the place of a path',
      '[profile.default]\naddress = "a:1"\ntls.client_key_path = "marked-secret"\ntls.client_cert_path = "c"\n',
      'cannot be read (ENOENT)',
    ],
    [
      'a certificate given twice',
      '[profile.default]\ntls.client_key_path = "x"\ntls.client_key_data = "marked-secret"\n',
      'Cannot specify both',
    ],
    [
      'a key that is no text',
      '[profile.default]\naddress = "a:1"\ntls.client_key_path = [ "marked-secret" ]\n',
      'form',
    ],
  ])('with %s is refused, says where, and is not quoted', (_, text, where) => {
    const error = refusal(toml(text));
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID', hint: expect.stringContaining('temporal.toml') });
    expect(error.message).toContain(where);
    expect(error.message).not.toContain('\n');
    expect(inspect(error, { depth: 10 })).not.toContain('marked-secret');
    expect(error.cause).toBeUndefined();
  });
});

describe("Temporal's variables", () => {
  it.each([
    ['TEMPORAL_ADDRESS', 'temporal.example:7233\r', 'TEMPORAL_ADDRESS has a carriage return'],
    ['TEMPORAL_NAMESPACE', '"marked-secret"', 'TEMPORAL_NAMESPACE has quotation marks around it'],
    ['TEMPORAL_API_KEY', 'marked-secret\u200b', 'TEMPORAL_API_KEY has an invisible character'],
    ['TEMPORAL_API_KEY', 'marked-secret\u2026', 'the API key has dots that stand for hidden characters'],
    ['TEMPORAL_API_KEY', 'Bearer marked-secret', 'the API key has a space'],
  ])('with what was pasted in %s as %j are refused by the kind of character', (name, value, problem) => {
    const error = refusal({ TEMPORAL_ADDRESS: 'temporal.example:7233', [name]: value });
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
    expect(error.message).toContain(problem);
    expect(inspect(error, { depth: 10 })).not.toContain('marked-secret');
  });
});
