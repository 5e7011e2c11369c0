# bash completion for ecert. Everything is asked of ecert itself (`ecert complete`), which knows its
# commands, options and store.
_ecert() {
    local line whole current before candidate about
    local -a words=() lines=()
    COMPREPLY=()
    line=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    whole=${words[${#words[@]} - 1]}
    # bash cuts words at ':' and '=' too, and puts in only what stands behind the last of them.
    current=${COMP_WORDS[COMP_CWORD]}
    [[ $current == [:=] ]] && current=
    before=${whole%"$current"}
    mapfile -t lines < <("${words[0]/#\~/$HOME}" complete "${words[@]:1}" 2>/dev/null)
    case ${lines[0]-} in
    :files | :directories)
        [[ ${lines[0]} == :files ]] && mapfile -t COMPREPLY < <(compgen -f -- "$current")
        [[ ${lines[0]} == :directories ]] && mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames
        return
        ;;
    esac
    for line in "${lines[@]}"; do
        candidate=${line%%$'\t'*}
        candidate=${candidate#"$before"}
        about=${line#*$'\t'}
        # Several: each with what it is, for reading. One: the word alone, to be put in.
        if [[ ${#lines[@]} -gt 1 && $line == *$'\t'* && $candidate != -* ]]; then
            candidate+="  ($about)"
        elif [[ $candidate != *= ]]; then
            candidate+=" "
        fi
        COMPREPLY+=("$candidate")
    done
    compopt -o nospace -o nosort
}
complete -F _ecert ecert
