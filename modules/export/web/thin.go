package web

import "slices"

// mostBands is how many bands of states a picture has before those that nobody could tell apart are made one.
const mostBands = 800

// thin makes bands that lie in the same slice of time one, with the worst state among them and how many they were, when there are more than
// most. Before that it says for how long it is known how it was, and for how long it was fine: sums of what is made one would be wrong.
func (t *timeline) thin(most int) {
	for i := range t.Bands {
		b := &t.Bands[i]
		t.Known += b.To - b.From
		if fine(b.State) || b.State == "PENDING" {
			t.Fine += b.To - b.From
		}
	}
	t.Bands = thinned(t.Bands, t.From, t.To, most)
}

// thinned gives no more than two bands for each of most slices: one that is longer than a slice stays as it is.
func thinned(bands []band, from, to float64, most int) []band {
	if len(bands) <= most {
		return bands
	}
	width := (to - from) / float64(most)
	slice := func(at float64) int { return int((at - from) / width) }
	out := make([]band, 0, 2*most)
	for _, b := range bands {
		b.Count = 1
		if last := len(out) - 1; last >= 0 && b.To-b.From < width && out[last].To-out[last].From < width && out[last].To == b.From && slice(out[last].From) == slice(b.From) {
			out[last].join(&b)
			continue
		}
		out = append(out, b)
	}
	return out
}

// join takes in the band that follows.
func (b *band) join(next *band) {
	b.To = next.To
	b.Count += next.Count
	if weight(next) > weight(b) {
		b.State, b.Soft = next.State, next.Soft
	}
}

// weight orders bands, the worst last: what is confirmed before what is not.
func weight(b *band) int {
	n := slices.Index([]string{"PENDING", "OK", "UP", "WARNING", "UNKNOWN", "UNREACHABLE", "CRITICAL", "DOWN"}, b.State) * 2
	if !b.Soft {
		n++
	}
	return n
}
