// Package secret knows how passwords and keys are handed to Onbu: as the first line of a file that an option names, so that
// none stands in a command line, a configuration or a journal.
package secret

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// most bounds how much of a file is read.
const most = 64 << 10

// Read gives the first line of the file at path without its end; it is read anew each time, so that it can be exchanged.
// Errors begin with the name of the option that named the file, and never show what is in it.
func Read(option, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
		return nil, fmt.Errorf("%s %s: its first line is empty", option, path)
	}
	return line, nil
}
