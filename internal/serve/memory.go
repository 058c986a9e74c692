package serve

import "sync/atomic"

// Memory bounds how many bytes the messages of all connections of a server may take while they are read and worked with. What
// everybody may have for nothing is not counted, so that small messages get through while large ones wait for their senders.
// Any goroutine may use it.
type Memory struct{ left atomic.Int64 }

// Free is how many bytes of a message are not counted; step is how many are taken at a time.
const (
	Free = 16 << 10
	step = 64 << 10
)

// NewMemory gives a Memory of so many bytes.
func NewMemory(bytes int64) *Memory {
	m := &Memory{}
	m.left.Store(bytes)
	return m
}

// Loan is what one message has of a Memory. One goroutine uses it.
type Loan struct {
	of         *Memory
	used, paid int64
}

// Loan begins with nothing.
func (m *Memory) Loan() Loan { return Loan{of: m, paid: Free} }

// Take adds bytes, or says that there are no more.
func (l *Loan) Take(bytes int64) bool {
	l.used += bytes
	if l.used <= l.paid {
		return true
	}
	more := (l.used - l.paid + step - 1) / step * step
	if l.of.left.Add(-more) < 0 {
		l.of.left.Add(more)
		return false
	}
	l.paid += more
	return true
}

// Return gives all back.
func (l *Loan) Return() {
	l.of.left.Add(l.paid - Free)
	l.used, l.paid = 0, Free
}
