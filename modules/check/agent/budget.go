package agent

import "sync/atomic"

// budget bounds the bytes that all fetches under way hold together beyond what every one of them may.
type budget struct {
	most int64
	held atomic.Int64
}

// free is how much a fetch may hold without asking.
const free = 1 << 20

// share is what one fetch holds of a budget.
type share struct {
	of   *budget
	held int64
}

// hold notes that the fetch holds so many bytes in all. The error says that there is no room for them.
func (s *share) hold(n int) error {
	more := max(int64(n)-free, 0) - s.held
	s.held += more
	if s.of.held.Add(more) > s.of.most && more > 0 {
		return refused("agents send more than %d MiB at once: this poller has no room for it", s.of.most>>20)
	}
	return nil
}

// end gives back what is held.
func (s *share) end() {
	s.of.held.Add(-s.held)
	s.held = 0
}
