package exec

import (
	"errors"
	"strings"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// split gives what to execute for a command line: its words if they are all that it holds, else a shell and the line.
func split(line string) ([]string, error) {
	if strings.IndexByte(line, 0) >= 0 {
		return nil, errors.New("the command line holds a NUL byte")
	}
	if strings.TrimSpace(line) == "" {
		return nil, errors.New("the command line is empty")
	}
	if argv, err := cmdline.Words(line); err == nil {
		return argv, nil
	}
	return []string{"/bin/sh", "-c", line}, nil
}
