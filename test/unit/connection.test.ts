import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { configuredTemporal } from '../../src/temporal/connection.js';

it('a broken temporal.toml is told without what it holds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-toml-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, '[profile.default]\naddress = "a:1"\napi_key = "eyJSECRETTOKEN\nnamespace = "x"\n');
  let told: unknown;
  try {
    configuredTemporal({ TEMPORAL_CONFIG_FILE: file });
  } catch (error) {
    told = error;
  }
  expect(told).toMatchObject({ code: 'SETTINGS_INVALID', hint: expect.stringContaining('temporal.toml') });
  expect(String((told as Error).message)).not.toContain('SECRET');
  expect((told as Error).cause).toBeUndefined();
});
