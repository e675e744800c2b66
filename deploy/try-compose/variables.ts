export type Variables = Readonly<Record<string, string>>;

/** Replaces variables in every text of a parsed compose file, as `docker compose` does: in values, not in keys. */
export function interpolate(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return interpolateText(value, variables);
  if (Array.isArray(value)) return value.map((each) => interpolate(each, variables));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolate(each, variables)]));
}

/** `$$` is a dollar. With a colon, an empty variable counts as missing. */
const variable = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?)([-?+])([^}]*))?\})|\$/g;

function interpolateText(text: string, variables: Variables): string {
  return text.replace(variable, (whole, dollar, plain, braced, colon, operator, rest) => {
    if (dollar) return '$';
    const name: string | undefined = plain ?? braced;
    if (name === undefined) throw new Error(`"${text}" has a dollar that begins no variable (${whole}): write $$`);
    const value = variables[name];
    const isMissing = value === undefined || (colon !== '' && value === '');
    if (operator === '-' && isMissing) return rest;
    if (operator === '+') return isMissing ? '' : rest;
    if (operator === '?' && isMissing) throw new Error(`required variable ${name} is missing a value: ${rest}`);
    return value ?? '';
  });
}

/** The variables of a file such as .env. Quotes and variables inside would need more; they are refused. */
export function readEnvFile(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([A-Za-z_]\w*)=([^\s"'$#]*)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`a line of the .env file is not NAME=VALUE: ${line.split('=')[0]}`);
      return [name, value!];
    }),
  );
}
