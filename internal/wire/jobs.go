package wire

import (
	"encoding/binary"

	"github.com/onbu/onbu/monitor"
)

// JobBatch builds a message of Jobs, job by job, without a list of them. Only From has to be set, and Serial
// before Message.
type JobBatch struct {
	From   string
	Serial uint64

	buf   []byte
	count int // where in buf the number of jobs stands
	n     uint32
}

// Add appends a job; nothing of it is kept.
func (b *JobBatch) Add(j *monitor.Job) {
	if b.n == 0 {
		b.buf = append(b.buf[:0], Form, fixArray|jobsFields)
		b.buf = append(appendText(b.buf, b.From), array32, 0, 0, 0, 0)
		b.count = len(b.buf) - 4
	}
	b.buf = appendJob(b.buf, j)
	b.n++
}

// Len gives the number of jobs.
func (b *JobBatch) Len() int { return int(b.n) }

// Size gives the message's length so far in bytes, without the serial that comes last.
func (b *JobBatch) Size() int { return len(b.buf) }

// Message gives the message, valid until the next Add; nil without jobs.
func (b *JobBatch) Message() []byte {
	if b.n == 0 {
		return nil
	}
	binary.BigEndian.PutUint32(b.buf[b.count:], b.n)
	return appendUint(b.buf, b.Serial)
}

// Reset empties the batch and keeps its memory.
func (b *JobBatch) Reset() { b.buf, b.n = b.buf[:0], 0 }
