# Completion of cnitool, of cnixx, for fish: the program itself says what may stand there, so
# that this never falls behind it.
function __cnitool_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    for line in ($program __complete $words (commandline -ct) 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :dirs
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c cnitool -f -a '(__cnitool_complete)'
