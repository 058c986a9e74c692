package points

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// loadLocked reads what there is. A file that is not one of ours, or of another shape, begins anew; so do chunks beyond what the file may
// have, and the metrics whose records are damaged.
func (s *Store) loadLocked() error {
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	head := make([]byte, pageSize)
	if _, err := s.file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if string(head[:len(magic)]) != magic {
		return s.beginLocked(size)
	}
	if err := s.saltLocked(head); err != nil {
		return err
	}
	chunks := min(size, s.o.Most) - pageSize
	chunks = max(chunks, 0) / (chunkPages * pageSize)
	damaged := 0
	for number := range int32(chunks) {
		wrong, err := s.loadChunkLocked(number)
		if err != nil {
			return fmt.Errorf("reading chunk %d: %w", number, err)
		}
		damaged += wrong
	}
	if rest := size - fileSize(int(chunks)); rest > 0 || damaged > 0 {
		s.o.Log.Warn("the file of points has lost some: their pictures begin anew", "file", s.o.Path, "metrics", damaged, "bytes", max(rest, 0))
	}
	return s.file.Truncate(fileSize(int(chunks)))
}

// beginLocked makes an empty file.
func (s *Store) beginLocked(size int64) error {
	if size > 0 {
		s.o.Log.Warn("the file of points cannot be read: it begins anew", "file", s.o.Path, "bytes", size)
	}
	if err := s.file.Truncate(0); err != nil {
		return err
	}
	head := make([]byte, pageSize)
	copy(head, magic)
	if _, err := s.file.WriteAt(head, 0); err != nil {
		return err
	}
	return s.saltLocked(head)
}

// loadChunkLocked reads which metrics and columns a chunk has, and says how many of its records are damaged.
func (s *Store) loadChunkLocked(number int32) (damaged int, err error) {
	data := make([]byte, (recordPages+1)*pageSize)
	if _, err := s.file.ReadAt(data, recordAt(number)); err != nil {
		return 0, err
	}
	c := &chunk{}
	for place := range int32(perChunk) {
		r, ok := readRecord(data[place*recordSize:], place)
		_, twice := s.where[r.key]
		switch {
		case !ok || twice:
			damaged++
			c.dirty = true
		case r.key != (key{}):
			c.records[place] = r
			s.where[r.key] = ring{number, place}
			if r.of != 0 {
				s.of[r.of] = append(s.of[r.of], ring{number, place})
			}
		}
	}
	head := data[recordPages*pageSize:]
	for i := range c.columns {
		c.columns[i] = column{slot(binary.LittleEndian.Uint32(head[8*i:])), binary.LittleEndian.Uint32(head[8*i+4:])}
	}
	s.chunks = append(s.chunks, c)
	s.freeLocked(number)
	return damaged, nil
}
