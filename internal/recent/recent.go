// Package recent knows how to forget: a map with a bound that keeps what was used last.
package recent

import "sync"

// Map is a bounded map that forgets what was not used for long. It holds at most size values: the half that was put
// in or asked for last, and the half before. Any goroutine may use it.
type Map[K comparable, V any] struct {
	mu         sync.Mutex
	half       int
	young, old map[K]V
}

// New makes a map of at most size values.
func New[K comparable, V any](size int) *Map[K, V] {
	return &Map[K, V]{half: max(1, size/2), young: make(map[K]V)}
}

// Get gives a value, and notes that it was used.
func (r *Map[K, V]) Get(k K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.keep(k, v)
	}
	return v, ok
}

// Or gives what is there, or stores what make makes. make must be quick, and must not use the map.
func (r *Map[K, V]) Or(k K, make func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.young[k]; ok {
		return v
	}
	v, ok := r.old[k]
	if !ok {
		v = make()
	}
	r.keep(k, v)
	return v
}

// Put stores a value.
func (r *Map[K, V]) Put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(k, v)
}

// Drop forgets a value.
func (r *Map[K, V]) Drop(k K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, k)
	delete(r.old, k)
}

// Len is how many values are kept.
func (r *Map[K, V]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.young) + len(r.old)
}

func (r *Map[K, V]) keep(k K, v V) {
	if _, ok := r.young[k]; !ok && len(r.young) >= r.half {
		r.young, r.old = make(map[K]V), r.young
	}
	delete(r.old, k)
	r.young[k] = v
}
