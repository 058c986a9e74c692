package sshpool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// maxKey bounds how much of a file with a key is read.
const maxKey = 64 << 10

// identity is a key of a file.
type identity struct {
	signer ssh.Signer
	public ssh.PublicKey // all that is known of a key that cannot be used
}

// keyError says why a key cannot be used. A note is what ssh prints at once, a hint is for when nothing else works either.
type keyError struct{ note, hint string }

func (e *keyError) Error() string { return e.note + e.hint }

// identity gives the key in a file, with the certificate beside it if there is one. The file is read again when it changes.
func (p *Pool) identity(path string) (*identity, error) {
	return p.keys.get(path, []string{path, path + ".pub", path + "-cert.pub"}, func() (*identity, error) { return readKey(path) })
}

func readKey(path string) (*identity, error) {
	text, err := readPrivate(path)
	if err != nil {
		return &identity{public: readPublic(path + ".pub")}, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	if locked, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		k := &identity{public: locked.PublicKey}
		if k.public == nil {
			k.public = readPublic(path + ".pub")
		}
		return k, &keyError{hint: path + " is encrypted: load it into an agent (SSH_AUTH_SOCK, IdentityAgent), or use a key without a passphrase"}
	}
	if err != nil {
		if public := readPublic(path); public != nil { // the agent has the rest
			return &identity{public: public}, &keyError{hint: path + " is a public key, and no agent has the private one"}
		}
		return nil, &keyError{note: fmt.Sprintf("Load key \"%s\": invalid format", path)}
	}
	if cert, ok := readPublic(path + "-cert.pub").(*ssh.Certificate); ok {
		if certified, err := ssh.NewCertSigner(cert, signer); err == nil {
			return &identity{signer: certified}, nil
		}
	}
	return &identity{signer: signer}, nil
}

// readPrivate reads a file that nobody else may read, as ssh asks for.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) == os.Getuid() && info.Mode().Perm()&0o077 != 0 && !isPublic(path) {
		return nil, &keyError{note: fmt.Sprintf("WARNING: UNPROTECTED PRIVATE KEY FILE! Permissions %04o for '%s' are too open: chmod 600 it", info.Mode().Perm(), path)}
	}
	return io.ReadAll(io.LimitReader(f, maxKey))
}

func isPublic(path string) bool { return readPublic(path) != nil }

// readPublic reads a file with a public key or a certificate; nil if it is none.
func readPublic(path string) ssh.PublicKey {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}
