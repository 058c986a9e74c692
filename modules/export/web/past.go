package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

const (
	// longestPast is the longest stretch of time that is drawn.
	longestPast = 366 * 24 * time.Hour
	// mostDrawn bounds the lines that a picture is made of, mostLines those that are listed below it, and mostBefore those that are
	// looked through for how it was before.
	mostDrawn, mostLines, mostBefore = 4000, 500, 500
)

// timeline gives what was with a host or service.
func (m *Module) timeline(r *http.Request, _ sign.Person) (any, error) {
	ref, err := refOf(r)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	from, to, err := stretch(r, now)
	if err != nil {
		return nil, err
	}
	t := &timeline{
		From: float64(from), To: float64(to), Now: monitor.At(now).Unix(), Kept: m.history != nil,
		Bands: []band{}, Flapping: []span{}, Downtimes: []span{}, Lines: []happening{},
	}
	if m.history == nil {
		return t, nil
	}
	t.Gap, t.Why = m.gap.now()
	_, o := lookUp(m.present.snapshot(), ref)
	present := conditionOf(ref, o)
	return t, m.recall(r.Context(), t, ref, from, to, &present)
}

// stretch reads from when to when; a day up to now unless it is said.
func stretch(r *http.Request, now time.Time) (from, to int64, err error) {
	read := func(name string, otherwise int64) int64 {
		text := r.FormValue(name)
		if text == "" {
			return otherwise
		}
		n, wrong := strconv.ParseInt(text, 10, 64)
		if wrong != nil {
			err = failure(http.StatusBadRequest, "%s is no time in Unix seconds", name)
		}
		return n
	}
	to = read("to", now.Unix())
	from = read("from", to-24*3600)
	if err == nil && (from < 2 || to <= from || to-from > int64(longestPast/time.Second)) {
		err = failure(http.StatusBadRequest, "the times from and to are no stretch of at most %d days", int(longestPast/(24*time.Hour)))
	}
	return from, to, err
}

// recall reads what is kept and draws it. The list below a host's picture has what happened to its services too.
func (m *Module) recall(ctx context.Context, t *timeline, ref monitor.Ref, from, to int64, now *condition) error {
	own := history.Query{From: from, Until: to, Host: ref.Host, Service: ref.Service, Itself: true, NewestFirst: true, Most: mostDrawn}
	lines, err := m.lines(ctx, own)
	if err != nil {
		return err
	}
	early := own
	early.From, early.Until, early.Classes, early.Most = 0, from-1, 1<<logline.Alert, mostBefore
	before, err := m.lines(ctx, early)
	if err != nil {
		return err
	}
	if t.Since, err = m.since(ctx); err != nil {
		return err
	}
	list := lines
	if ref.IsHost() {
		own.Itself, own.Most = false, mostLines+1
		if list, err = m.lines(ctx, own); err != nil {
			return err
		}
	}
	t.More = len(list) > mostLines || len(lines) == mostDrawn
	t.Lines = append(t.Lines, list[:min(len(list), mostLines)]...)
	if len(lines) == mostDrawn { // how it was before them is not known
		t.Since, before = lines[len(lines)-1].Time, nil
	}
	slices.Reverse(lines)
	t.draw(before, lines, now)
	t.thin(mostBands)
	return nil
}

func (m *Module) lines(ctx context.Context, q history.Query) ([]happening, error) {
	var all []happening
	err := m.history.Read(ctx, q, func(l *logline.Line) bool {
		all = append(all, happened(l))
		return true
	})
	return all, err
}

// since is when the oldest line that is kept was written, in Unix seconds; 0 if there is none.
func (m *Module) since(ctx context.Context) (float64, error) {
	at := 0.0
	err := m.history.Read(ctx, history.Query{Most: 1}, func(l *logline.Line) bool {
		at = l.Time.Unix()
		return false
	})
	return at, err
}
