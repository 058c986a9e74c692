package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// What a daemon of a site of this size may have. The bus may have twice as much memory.
const (
	memoryLimit = 384 << 20
	// A daemon may have some more files open, and goroutines, at the end than when all was well at first: so many, and a quarter.
	moreFiles, moreGoroutines = 24, 64
	// steadyLooks is how many more looks, a second apart, somebody has who holds more.
	steadyLooks = 5
)

// standing is what a process holds at a moment.
type standing struct {
	name              string
	memory            int64 // the most it ever had
	limit             int64
	files, goroutines int
}

// standings looks at all processes that run.
func (s *Site) standings(ctx context.Context) map[int]standing {
	all := map[int]standing{}
	for _, d := range s.daemons {
		if d.Process == nil || d.Alive() != nil {
			continue
		}
		now := standing{name: d.Name(), files: d.Open(), limit: memoryLimit}
		if _, now.memory = d.Memory(); d.Role == "bus" {
			now.limit *= 2
		}
		if n, err := d.Metric(ctx, "go_goroutines"); err == nil {
			now.goroutines = int(n)
		}
		all[d.PID()] = now
	}
	return all
}

// small is the half of I8 that is about memory.
func small(now map[int]standing) (violations []string) {
	for pid, st := range now {
		if st.memory > st.limit {
			violations = append(violations, fmt.Sprintf("I8: %s (process %d) had %d MiB in memory, more than %d", st.name, pid, st.memory>>20, st.limit>>20))
		}
	}
	return violations
}

// steady is I9: who lives since the beginning holds no more files and goroutines than then, but for some.
func steady(began, now map[int]standing) (violations []string) {
	for pid, st := range now {
		was, lives := began[pid]
		if !lives {
			continue
		}
		if st.files > was.files+was.files/4+moreFiles {
			violations = append(violations, fmt.Sprintf("I9: %s has %d files open, and had %d at first", st.name, st.files, was.files))
		}
		if was.goroutines > 0 && st.goroutines > was.goroutines+was.goroutines/4+moreGoroutines {
			violations = append(violations, fmt.Sprintf("I9: %s has %d goroutines, and had %d at first", st.name, st.goroutines, was.goroutines))
		}
	}
	return violations
}

// backlog is how much waits in the queues for schedulers, by stream.
func (s *Site) backlog(ctx context.Context) (map[bus.Stream]uint64, error) {
	waiting := map[bus.Stream]uint64{}
	for _, stream := range []bus.Stream{bus.PASSIVE, bus.CMD} {
		extent, err := s.bus.Extent(ctx, stream, 0)
		if err != nil {
			return nil, err
		}
		if extent.Last >= extent.First {
			waiting[stream] = extent.Last - extent.First + 1
		}
	}
	return waiting, nil
}

// drained is the half of I8 that is about queues.
func drained(waiting map[bus.Stream]uint64) (violations []string) {
	for stream, n := range waiting {
		violations = append(violations, fmt.Sprintf("I8: up to %d messages of %s wait although nothing more comes", n, stream))
	}
	return violations
}

// Metric gives the sum of a metric of a daemon over its labels.
func (d *Daemon) Metric(ctx context.Context, name string) (sum float64, err error) {
	body, err := d.get(ctx, "/metrics", http.StatusOK)
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s of %s: %w", name, d.Name(), err)
		}
		sum += v
	}
	return sum, lines.Err()
}

// total gives the sum of a metric over all daemons of a role that answer.
func (s *Site) total(ctx context.Context, role, metric string) (sum float64) {
	for _, d := range s.Daemons(role) {
		if n, err := d.Metric(ctx, metric); err == nil {
			sum += n
		}
	}
	return sum
}

// Well is nil while the daemon calls itself healthy, and else what it says.
func (d *Daemon) Well(ctx context.Context) error {
	_, err := d.get(ctx, "/healthz", http.StatusOK)
	return err
}

func (d *Daemon) get(ctx context.Context, path string, want int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.HTTP+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := d.site.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s of %s: %s: %.300s", path, d.Name(), resp.Status, body)
	}
	return string(body), err
}
