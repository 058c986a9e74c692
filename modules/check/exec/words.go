package exec

import (
	"errors"
	"strings"
)

// split gives what to execute for a command line: its words if it holds nothing that a shell would treat in a special
// way, else a shell and the line.
func split(line string) ([]string, error) {
	if strings.IndexByte(line, 0) >= 0 {
		return nil, errors.New("the command line holds a NUL byte")
	}
	argv := strings.Fields(line)
	if len(argv) == 0 {
		return nil, errors.New("the command line is empty")
	}
	if strings.ContainsAny(line, "\n!#$^&*(){}[]|\\;<>?`'\"~") || strings.Contains(argv[0], "=") {
		return []string{"/bin/sh", "-c", line}, nil
	}
	return argv, nil
}
