package bench

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/onbu/onbu/bench/target"
)

// sshFiles writes what check_by_ssh needs: a key, and what the fake servers on port are known by.
func sshFiles(dir string, port int) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return err
	}
	known, err := target.SSHKnownHosts(port)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "ssh_key"), pem.EncodeToMemory(block), 0o600); err != nil {
		return fmt.Errorf("writing the key: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ssh_known_hosts"), []byte(known), 0o644); err != nil {
		return fmt.Errorf("writing the known hosts: %w", err)
	}
	return nil
}
