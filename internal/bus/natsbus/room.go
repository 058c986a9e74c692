package natsbus

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const (
	// leastNew must be free for a store that begins: its streams at their smallest, and some for blobs.
	leastNew = 128 << 20
	// leastFree must be free for a store that is there: whoever takes a shard writes at once.
	leastFree = 16 << 20
)

// enough is an error when a store makes no sense for want of room.
func (o ServerOptions) enough() error {
	free, err := freeBytes(o.Dir)
	if err != nil {
		return fmt.Errorf("free space of %s: %w", o.Dir, err)
	}
	need := int64(leastFree)
	if reserved(o.Dir) == 0 {
		need = leastNew
	}
	if o.MaxStore == 0 && free < need {
		return fmt.Errorf("its store in %s needs %d bytes, and %d are free there: make room, or choose a folder on another disk with --state",
			o.Dir, need, free)
	}
	return nil
}

// limit is what a store in dir may take: the bytes it has, and those free to us on its disk less a tenth. A server
// refuses every change of its streams while they may grow to more than its limit. As a disk has less room at one time
// than at another, the limit is never below what the streams that are there already may grow to.
func limit(dir string) (int64, error) {
	free, err := freeBytes(dir)
	if err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	used, err := usedBytes(dir)
	if err != nil {
		return 0, fmt.Errorf("size of the store in %s: %w", dir, err)
	}
	room := used + free/10*9
	if there := reserved(dir); there > 0 {
		// A stream that a newer Onbu adds gets its place too, small as it may be.
		return max(room, there+4*leastStream), nil
	}
	return room, nil
}

func usedBytes(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// reserved is how many bytes the streams of a store may grow to, by their descriptions (nats-server 2.15 filestore.go,
// JetStreamMetaFile). A description that cannot be read counts for nothing; the server will say what is wrong with it.
func reserved(dir string) int64 {
	paths, _ := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", "meta.inf")) // the pattern is well-formed
	var total int64
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var stream struct {
			MaxBytes int64 `json:"max_bytes"`
		}
		if json.Unmarshal(text, &stream) == nil {
			total += max(stream.MaxBytes, 0)
		}
	}
	return total
}
