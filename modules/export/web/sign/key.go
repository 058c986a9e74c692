package sign

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// leastKey is the shortest key that signs sessions, in bytes.
const leastKey = 32

// readKey reads the first line of a file as a key.
func readKey(text []byte) (key, error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSpace(line)
	if len(line) < leastKey {
		return nil, fmt.Errorf("its first line has %d bytes, and a key at least %d: make one with `openssl rand -hex 32`", len(line), leastKey)
	}
	return key(line), nil
}

// makeKey makes a key in a file that is not there yet, which nobody else can read; one that is there stays.
func makeKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeFile(path, append(freshKey(), '\n'), nil)
}

func freshKey() key {
	fresh := make([]byte, leastKey)
	rand.Read(fresh) // crypto/rand never fails
	return hex.AppendEncode(nil, fresh)
}

// writeFile puts a file in place whole or not at all, readable by its owner alone: that of another file, if there is one.
func writeFile(path string, text []byte, like fs.FileInfo) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if like != nil {
		err = errors.Join(err, give(f, like))
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
