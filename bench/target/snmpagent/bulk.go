package snmpagent

// walk is one of the walks that a GETBULK asks for.
type walk struct {
	spot
	name []byte // what it asked for; what was given last is the name of the end
}

// bulk answers a GETBULK with n names: RFC 3416, section 4.2.3. What does not fit is left away.
func (a *Agent) bulk(r *request, n int) []byte {
	single, rest := min(max(int(r.first), 0), n), r.varbinds
	a.walks = a.walks[:0]
	for i := range n {
		var name []byte
		name, rest, _ = cutName(rest)
		if !a.name.parse(name) {
			return nil
		}
		w := walk{a.after(), name}
		if i >= single {
			a.walks = append(a.walks, w)
		} else if !a.fits(r, w) {
			return a.finish(r, noError, 0)
		}
	}
	for range max(int(r.second), 0) {
		if len(a.walks) == 0 || !a.round(r) {
			break
		}
	}
	return a.finish(r, noError, 0)
}

// round takes every walk a step further; false when the answer is full, or all walks are at their end.
func (a *Agent) round(r *request) bool {
	open := false
	for i := range a.walks {
		w := &a.walks[i]
		if !a.fits(r, *w) {
			return false
		}
		if a.ended(w.spot) {
			continue
		}
		open = true
		if w.spot = a.next(w.spot); a.ended(w.spot) {
			w.name = a.end
		}
	}
	return open
}

// fits appends where a walk is, if there is room.
func (a *Agent) fits(r *request, w walk) bool {
	before := len(a.out)
	a.appendAt(w.spot, w.name)
	if a.size(r) > a.habits.MaxSize {
		a.out = a.out[:before]
		return false
	}
	a.Objects.Add(1)
	return true
}
