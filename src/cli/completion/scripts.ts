export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * Completion scripts of the shells. They call the command itself, as it was called, and pass the words unchanged:
 * nothing that was typed is evaluated. A name is offered quoted, since it may come from anyone who can write to the
 * store: Bash puts it into the line as it stands, zsh and fish quote it themselves.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `_trawl() {
  local value description
  COMPREPLY=()
  while IFS=$'\\t' read -r value description; do
    COMPREPLY+=("$(printf %q "$value")")
    if [[ $value == *= ]]; then compopt -o nospace 2>/dev/null; fi
  done < <("$1" __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _trawl trawl
`,
  zsh: `#compdef trawl
_trawl() {
  local -a found end
  local line
  while IFS= read -r line; do
    [[ $line == *=$'\\t'* ]] && end=(-S '')
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" __complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe -t words trawl found "\${end[@]}"; else _files; fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _trawl "$@"; else compdef _trawl trawl; fi
`,
  fish: `function __trawl_words
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    $typed[1] __complete fish $typed[2..-1] "$current" 2>/dev/null
end
complete -c trawl -e
complete -c trawl -f -a '(__trawl_words)'
`,
};
