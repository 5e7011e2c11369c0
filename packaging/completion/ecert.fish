# fish completion for ecert. Everything is asked of ecert itself (`ecert complete`), which knows its
# commands, options and store.
function __ecert_complete
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l lines ($words[1] complete $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case :files
            __fish_complete_path "$current"
        case :directories
            __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $lines
    end
end
complete --command ecert --no-files --arguments '(__ecert_complete)'
