package sign

import (
	"fmt"
	"os"
)

// CheckFile says what is wrong with a users file, for whoever judges the definition of a module. That there is none is not wrong.
func CheckFile(path string) []error {
	if path == "" {
		return nil
	}
	text, err := readBounded(path)
	if err != nil {
		return []error{err}
	}
	_, wrong := ParseUsers(string(text), path)
	if info, err := os.Stat(path); err == nil && info.Mode()&0o004 != 0 {
		wrong = append(wrong, fmt.Errorf("%s: everybody on this machine can read the hashes of the passwords: chmod 600 it", path))
	}
	return wrong
}
