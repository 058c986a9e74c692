package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// ballast is the file that fills a disk.
const ballast = "ballast"

// Disk makes a folder of the machine a disk of its own of that many bytes. It goes with the lab.
func (m *Machine) Disk(name string, bytes int64) error {
	if !m.lab.Isolated() {
		return errors.New("a disk of its own needs root")
	}
	dir := m.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		return fmt.Errorf("a disk at %s: %w", dir, err)
	}
	m.lab.mu.Lock()
	defer m.lab.mu.Unlock()
	m.lab.disks = append(m.lab.disks, dir)
	return nil
}

// Fill writes to a disk until it takes no more, and gives how much it took.
func (m *Machine) Fill(name string) (int64, error) {
	f, err := os.OpenFile(filepath.Join(m.Dir(name), ballast), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := io.Copy(f, zeros{})
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return n, err
}

// Empty takes what Fill wrote away.
func (m *Machine) Empty(name string) error { return os.Remove(filepath.Join(m.Dir(name), ballast)) }

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// unmount takes all disks away.
func (l *Lab) unmount() (err error) {
	for _, dir := range l.disks {
		if e := syscall.Unmount(dir, syscall.MNT_DETACH); e != nil {
			err = errors.Join(err, fmt.Errorf("taking the disk at %s away: %w", dir, e))
		}
	}
	return err
}
