package agent

import (
	"container/list"
	"sync"
)

// shelf keeps values of known sizes, so many bytes together: when there is no room, those go that were put there first. Any
// goroutine may use it.
type shelf[K comparable, V any] struct {
	most int

	mu    sync.Mutex
	by    map[K]*list.Element
	order *list.List // of item; the newest in front
	held  int
}

type item[K comparable, V any] struct {
	key   K
	value V
	size  int
}

func newShelf[K comparable, V any](most int) *shelf[K, V] {
	return &shelf[K, V]{most: most, by: map[K]*list.Element{}, order: list.New()}
}

// put stores a value in the place of the one before. One that is larger than the shelf is not kept.
func (s *shelf[K, V]) put(k K, v V, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(k)
	if size > s.most {
		return
	}
	s.by[k] = s.order.PushFront(item[K, V]{k, v, size})
	for s.held += size; s.held > s.most; {
		s.drop(s.order.Back().Value.(item[K, V]).key)
	}
}

// get gives a value.
func (s *shelf[K, V]) get(k K) (v V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.by[k]; e != nil {
		return e.Value.(item[K, V]).value, true
	}
	return v, false
}

// forgetOld takes off those that were put there first, as long as they are old.
func (s *shelf[K, V]) forgetOld(old func(V) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.order.Back(); e != nil && old(e.Value.(item[K, V]).value); e = s.order.Back() {
		s.drop(e.Value.(item[K, V]).key)
	}
}

func (s *shelf[K, V]) drop(k K) {
	if e := s.by[k]; e != nil {
		s.held -= s.order.Remove(e).(item[K, V]).size
		delete(s.by, k)
	}
}
