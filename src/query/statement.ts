/** SQL without what quotes and comments hold, in which a semicolon means nothing. */
function bare(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    /^(--|\/\*)/.test(part) ? ' ' : 'quoted',
  );
}

/** True if a statement ends here. */
export function endsStatement(sql: string): boolean {
  const rest = bare(sql);
  return /;\s*$/.test(rest) && !/['"]|\/\*/.test(rest);
}

/** Says what is wrong if a text is not one statement. SQLite would run the first one and ignore the others. */
export function notOneStatement(sql: string): string | undefined {
  const rest = bare(sql).replace(/[\s;]+$/, '');
  if (rest.trim() === '') return 'there is no statement';
  return rest.includes(';') ? 'there is more than one statement' : undefined;
}

const selecting = /^[\s(]*(select|with|from|values|table|describe|desc|show|summarize|pivot|unpivot)\b/i;

/** Says what is wrong if a text is not one statement of DuckDB that selects. */
export function notOneSelect(sql: string): string | undefined {
  return notOneStatement(sql) ?? (selecting.test(bare(sql)) ? undefined : 'it may only select');
}
