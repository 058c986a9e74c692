package points

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The file is a page that says what it is, and chunks. A chunk is
//
//	perChunk records of 32 bytes, one a metric: key, born, newest, checksum, object
//	a page with what each of its columns holds: slot and checksum, 8 bytes each
//	Slots columns, each a page: a float32 of each metric, NaN where there is none
//
// so that the points of one time are written in one go, a page for each chunk, and nothing else is. All numbers are little-endian. A
// record or a column whose checksum is wrong, because the machine lost power while it was written, counts as empty.
const (
	pageSize    = perChunk * 4
	recordSize  = 32
	recordPages = perChunk * recordSize / pageSize
	chunkPages  = recordPages + 1 + Slots
	// magic is what the file begins with: what it is, the seconds of a slot, the slots, and the metrics of a chunk.
	magic = "onbu points 1 300 288 1024\n"
)

// fileSize is how many bytes a file with so many chunks has.
func fileSize(chunks int) int64 { return pageSize * (1 + int64(chunks)*chunkPages) }

// chunk is what is kept in memory of one.
type chunk struct {
	records [perChunk]record
	sums    [perChunk]sums
	columns [Slots]column
	// dirty says that records are not as the file has them.
	dirty bool
}

// record is a metric in the file.
type record struct {
	key key // zero for none
	// Points before born are another metric's; newest is the last slot with one.
	born, newest slot
	written      slot // newest as the file has it
	of           object
}

// column is what stands in a page of points.
type column struct {
	slot slot
	sum  uint32
}

func newChunk() *chunk { return &chunk{dirty: true} }

// begin gives a ring to a metric.
func (c *chunk) begin(place int32, k key, now slot) {
	c.records[place] = record{key: k, born: now, newest: now}
	c.sums[place] = sums{}
	c.dirty = true
}

// end takes a ring from a metric.
func (c *chunk) end(place int32) {
	c.records[place] = record{}
	c.dirty = true
}

// add counts a value in the slot that is under way. What has no room in a float32 is left out.
func (c *chunk) add(place int32, v float64) {
	if math.Abs(v) > math.MaxFloat32 {
		return
	}
	c.sums[place].sum += v
	c.sums[place].count++
}

func recordAt(chunk int32) int64          { return fileSize(int(chunk)) }
func headAt(chunk int32) int64            { return recordAt(chunk) + recordPages*pageSize }
func columnAt(chunk int32, at slot) int64 { return headAt(chunk) + pageSize*(1+int64(at%Slots)) }

// value reads a metric's point from a column.
func value(page *[pageSize]byte, place int32) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(page[place*4:]))
}

// checksum is that of a column, or of a record: it says for what it was written too.
func checksum(data []byte, of uint32) uint32 {
	var seed [4]byte
	binary.LittleEndian.PutUint32(seed[:], of)
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(seed[:], table), table, data)
}

// columnLocked reads what a chunk has of a slot; false if that is nothing, or cannot be trusted.
func (s *Store) columnLocked(number int32, at slot, page *[pageSize]byte) (bool, error) {
	column := s.chunks[number].columns[at%Slots]
	if column.slot != at || at == 0 {
		return false, nil
	}
	if _, err := s.file.ReadAt(page[:], columnAt(number, at)); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	return checksum(page[:], uint32(at)) == column.sum, nil
}

// flushLocked writes the averages of the slot that is under way. What the file has of that slot already, from before a restart or before
// the clock was set back, stays where there is nothing newer.
func (s *Store) flushLocked() error {
	failed := s.recordsLocked()
	for number, c := range s.chunks {
		if err := s.writeLocked(int32(number), c); err != nil && failed == nil {
			failed = fmt.Errorf("writing the points of the last minutes: %w", err)
		}
	}
	return failed
}

// writeLocked writes the column of a chunk, if there is something in it.
func (s *Store) writeLocked(number int32, c *chunk) error {
	var page [pageSize]byte
	some := false
	known, err := s.columnLocked(number, s.slot, &page)
	if err != nil {
		return err
	}
	for place := range int32(perChunk) {
		sum, r := &c.sums[place], &c.records[place]
		switch {
		case sum.count > 0 && r.key != (key{}):
			some = true
			put(&page, place, sum.average())
			// The file may be behind by some hours. A clock that was set back makes a metric older than it is.
			c.dirty = c.dirty || s.slot-r.written > Slots/4 || s.slot < r.born
			r.newest, r.born = s.slot, min(r.born, s.slot)
		case !known || r.key == (key{}) || r.born > s.slot:
			put(&page, place, float32(math.NaN()))
		}
		*sum = sums{}
	}
	if !some {
		return nil
	}
	if _, err := s.file.WriteAt(page[:], columnAt(number, s.slot)); err != nil {
		return err
	}
	c.columns[s.slot%Slots] = column{s.slot, checksum(page[:], uint32(s.slot))}
	var head [8]byte
	c.columns[s.slot%Slots].put(head[:])
	_, err = s.file.WriteAt(head[:], headAt(number)+8*int64(s.slot%Slots))
	return err
}

func put(page *[pageSize]byte, place int32, v float32) {
	binary.LittleEndian.PutUint32(page[place*4:], math.Float32bits(v))
}

func (c column) put(b []byte) {
	binary.LittleEndian.PutUint32(b, uint32(c.slot))
	binary.LittleEndian.PutUint32(b[4:], c.sum)
}

// recordsLocked writes the records that changed, and has them on the disk before points refer to them.
func (s *Store) recordsLocked() error {
	wrote := false
	for number, c := range s.chunks {
		if !c.dirty {
			continue
		}
		data := make([]byte, 0, perChunk*recordSize)
		for place := range c.records {
			r := &c.records[place]
			r.written = r.newest
			data = r.append(data, int32(place))
		}
		if _, err := s.file.WriteAt(data, recordAt(int32(number))); err != nil {
			return fmt.Errorf("writing which metrics there are: %w", err)
		}
		c.dirty, wrote = false, true
	}
	if !wrote {
		return nil
	}
	if err := s.file.Truncate(fileSize(len(s.chunks))); err != nil {
		return err
	}
	return s.file.Sync()
}

func (r *record) append(data []byte, place int32) []byte {
	from := len(data)
	data = append(data, r.key[:]...)
	data = binary.LittleEndian.AppendUint32(data, uint32(r.born))
	data = binary.LittleEndian.AppendUint32(data, uint32(r.newest))
	data = binary.LittleEndian.AppendUint32(data, checksum(data[from:], uint32(place)))
	return binary.LittleEndian.AppendUint32(data, uint32(r.of)) // not in the checksum: the next measurement knows it anyway
}

// readRecord reads one; a damaged one is none.
func readRecord(data []byte, place int32) (r record, ok bool) {
	if checksum(data[:24], uint32(place)) != binary.LittleEndian.Uint32(data[24:]) {
		return record{}, false
	}
	copy(r.key[:], data)
	r.born, r.newest = slot(binary.LittleEndian.Uint32(data[16:])), slot(binary.LittleEndian.Uint32(data[20:]))
	r.written, r.of = r.newest, object(binary.LittleEndian.Uint32(data[28:]))
	return r, true
}
