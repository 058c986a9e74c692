package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// The files of a folder that --keys names, and of an authority's folder.
const (
	CAFile      = "ca.pem"      // whom to trust; an authority's own certificate
	CertFile    = "cert.pem"    // who we are
	KeyFile     = "key.pem"     // its key, for nobody else to read
	RevokedFile = "revoked.pem" // which certificates count no more, signed by the authority
	FromFile    = "renew-at"    // HOST:PORT where the certificate is renewed
	caKeyFile   = "ca.key"
	issuedFile  = "issued"
	tokensDir   = "tokens"
	lockFile    = "lock"
)

// mostFile bounds what is read of a file.
const mostFile = 4 << 20

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err == nil && len(text) > mostFile {
		err = fmt.Errorf("%s has more than %d bytes", path, mostFile)
	}
	return text, err
}

// writeFile puts a whole file, which only its owner may read, in its place; it is on disk when it returns. Its owner is the folder's, also
// where root renews the keys of a daemon, which could not read them otherwise.
func writeFile(path string, text []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // made with mode 0600
	if err != nil {
		return err
	}
	if err = give(next, filepath.Dir(path)); err == nil {
		_, err = next.Write(text)
	}
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// give has a file belong to whom a folder belongs to; only root can give files away.
func give(f *os.File, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(sys.Uid), int(sys.Gid))
}

// syncDir makes what was done to the names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// named is a file to write.
type named struct {
	name string
	text []byte
}

// writeAll writes files into a folder, which it makes. Unless force is set, one that is there already is an error, and
// nothing is written.
func writeAll(dir string, force bool, files ...named) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		switch _, err := os.Lstat(filepath.Join(dir, f.name)); {
		case err == nil && !force:
			return fmt.Errorf("%s is there already: choose another folder, or --force to replace it", filepath.Join(dir, f.name))
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, f.name), f.text); err != nil {
			return err
		}
	}
	return nil
}

// appendLine adds a line to a file; it is on disk when it returns.
func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
