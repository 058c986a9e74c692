package snmp

import "sync"

// recent is a bounded map that forgets what was not used for long. It holds at most size values: the half that was put
// in or asked for last, and the half before. Any goroutine may use it.
type recent[K comparable, V any] struct {
	mu         sync.Mutex
	half       int
	young, old map[K]V
}

func newRecent[K comparable, V any](size int) *recent[K, V] {
	return &recent[K, V]{half: max(1, size/2), young: make(map[K]V)}
}

func (r *recent[K, V]) get(k K) (V, bool) {
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

func (r *recent[K, V]) put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(k, v)
}

func (r *recent[K, V]) keep(k K, v V) {
	if _, ok := r.young[k]; !ok && len(r.young) >= r.half {
		r.young, r.old = make(map[K]V), r.young
	}
	delete(r.old, k)
	r.young[k] = v
}
