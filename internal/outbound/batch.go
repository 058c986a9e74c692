package outbound

import "github.com/onbu/onbu/monitor"

// Batch collects points as the other side reads them, one behind the other.
type Batch struct {
	// Bytes is what an Encoder appends a point to before it calls Cut.
	Bytes []byte
	ends  []int            // where each point ends
	of    []*monitor.Check // whose it is
}

// Cut ends a point of a check.
func (b *Batch) Cut(of *monitor.Check) {
	b.ends = append(b.ends, len(b.Bytes))
	b.of = append(b.of, of)
}

func (b *Batch) reset() {
	clear(b.of)
	b.Bytes, b.ends, b.of = b.Bytes[:0], b.ends[:0], b.of[:0]
}

// span gives the bytes of the points from…to-1.
func (b *Batch) span(from, to int) []byte {
	start := 0
	if from > 0 {
		start = b.ends[from-1]
	}
	return b.Bytes[start:b.ends[to-1]]
}
