package core

import "github.com/onbu/onbu/monitor"

// worklist is a queue in which each object waits at most once. It is used again and again.
type worklist struct {
	queue  []int32 // indexes of visits
	done   int     // how many have been taken out
	visits []visit
	of     map[monitor.ID]int32 // index of an object's visit
	below  []monitor.ID         // scratch of spread
}

// visit is what a worklist knows of an object.
type visit struct {
	id      monitor.ID
	waits   bool
	changes int
}

// mostKept is how many objects a worklist may have seen to be emptied for the next use: to empty a map takes as long as
// the most that it ever held.
const mostKept = 1000

// begin empties the list for the objects that are to be looked at first.
func (w *worklist) begin(first []monitor.ID) *worklist {
	if len(w.visits) > mostKept || w.of == nil {
		*w = worklist{of: make(map[monitor.ID]int32)}
	}
	clear(w.of)
	w.queue, w.done, w.visits = w.queue[:0], 0, w.visits[:0]
	w.add(first...)
	return w
}

func (w *worklist) add(ids ...monitor.ID) {
	for _, id := range ids {
		at, known := w.of[id]
		if !known {
			at = int32(len(w.visits))
			w.of[id] = at
			w.visits = append(w.visits, visit{id: id})
		}
		if v := &w.visits[at]; !v.waits {
			v.waits = true
			w.queue = append(w.queue, at)
		}
	}
}

// next takes an object out. Its visit is good until the next add.
func (w *worklist) next() (*visit, bool) {
	if w.done == len(w.queue) {
		return nil, false
	}
	v := &w.visits[w.queue[w.done]]
	w.done++
	v.waits = false
	return v, true
}
