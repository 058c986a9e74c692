package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/points"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
)

const (
	// sampleEvery is how often it is looked what was measured.
	sampleEvery = time.Minute
	// sampleBack is how long ago something may have changed that is looked at: a little more than the time since the last look.
	sampleBack = time.Second
	// oldest is how old a check may be that counts as measured now. Others changed for another reason than a check.
	oldest = 2 * points.Step
)

// keepPoints reads where the points of metrics are kept. Without a folder for state nothing is.
func (m *Module) keepPoints(s *modules.Settings, e modules.Env) {
	most := s.Bytes("points_max", 256<<20, 2<<20, 1<<40)
	if e.State == "" || !m.enabled {
		return
	}
	m.points = points.New(points.Options{
		Path: filepath.Join(e.State, "points"), Most: most, Log: e.Log,
		Replaced: e.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_web_points_replaced_total{module=%q}", s.Name())),
	})
}

// sample keeps what is measured until ctx ends. It reads no stream: it looks at the present once a minute, so that checks cost the broker
// nothing more.
func (m *Module) sample(ctx context.Context) {
	if m.points == nil {
		return
	}
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	last, wrong := time.Now().Add(-sampleEvery), ""
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			err := m.points.Round(now, measuredSince(m.outlook.View(), monitor.At(last.Add(-sampleBack)), monitor.At(now.Add(-oldest))))
			last = now
			if err != nil && err.Error() != wrong { // once for each trouble, not every minute
				m.log.Error("the pictures of metrics have a gap", "error", err)
			}
			if wrong = ""; err != nil {
				wrong = err.Error()
			}
		}
	}
}

// measuredSince hands on the performance data of what was checked lately and has changed here since a moment.
func measuredSince(now *view.Snapshot, since, checked monitor.Time) func(func(monitor.Ref, string)) {
	return func(measured func(monitor.Ref, string)) {
		take := func(of monitor.Ref, o view.Object) {
			if o.Known() && o.Seen() >= since && o.LastCheck() >= checked && o.Perfdata() != "" {
				measured(of, o.Perfdata())
			}
		}
		for i := range now.Hosts() {
			h := now.Host(i)
			take(monitor.Ref{Host: h.Name()}, h.Object())
			for j := range h.Services() {
				name, o := h.Service(j)
				take(monitor.Ref{Host: h.Name(), Service: name}, o)
			}
		}
	}
}

// pictures are what the metrics of a host or service were in the last day.
type pictures struct {
	Kept bool `json:"kept"`
	// From is when the first point begins, and Step the seconds from one to the next.
	From float64 `json:"from"`
	Step float64 `json:"step"`
	// Gap is how many points in a row may be missing because it is checked less often than that.
	Gap    int       `json:"gap"`
	Series []picture `json:"series"`
}

// picture is a metric; nil is a point that is missing.
type picture struct {
	Label string     `json:"label"`
	Low   *float32   `json:"low"`
	High  *float32   `json:"high"`
	All   []*float32 `json:"all"`
}

// pointsOf gives the pictures of the metrics that an object has at present.
func (m *Module) pointsOf(r *http.Request, _ sign.Person) (any, error) {
	ref, err := refOf(r)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	p := &pictures{Kept: m.points != nil, Step: points.Step.Seconds(), Series: []picture{}}
	p.From = float64(now.Truncate(points.Step).Add(-(points.Slots - 1) * points.Step).Unix())
	if m.points == nil {
		return p, nil
	}
	if _, _, known := m.outlook.Catalog().Find(ref); !known {
		return nil, failure(http.StatusNotFound, "there is no %s", ref)
	}
	_, o := lookUp(m.present.snapshot(), ref)
	metrics, _ := metricsOf(o.Perfdata())
	labels := make([]string, len(metrics))
	for i := range metrics {
		labels[i] = metrics[i].Label
	}
	all, err := m.points.Of(ref, labels, now)
	if err != nil {
		return nil, err
	}
	p.Gap = gapOf(m, ref)
	for i, s := range all {
		if s != nil {
			p.Series = append(p.Series, pictureOf(labels[i], s))
		}
	}
	return p, nil
}

// gapOf says how many points in a row may be missing in the picture of an object.
func gapOf(m *Module, ref monitor.Ref) int {
	inv, id, ok := m.outlook.Catalog().Find(ref)
	if !ok {
		return 0
	}
	return int(2 * inv.Policy(id).CheckInterval / points.Step)
}

func pictureOf(label string, s *points.Series) picture {
	p := picture{Label: label, All: make([]*float32, len(s))}
	for i := range s {
		v := &s[i]
		if math.IsNaN(float64(*v)) {
			continue
		}
		p.All[i] = v
		if p.Low == nil || *v < *p.Low {
			p.Low = v
		}
		if p.High == nil || *v > *p.High {
			p.High = v
		}
	}
	return p
}
