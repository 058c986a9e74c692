package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
)

// busy is how many cores of others make a run's figures doubtful.
const busy = 0.3

// Write prints the report for people, 100 columns wide.
func (r *Report) Write(w io.Writer) error {
	t := &table{w: w}
	t.printf("%s: %s\n", r.Scenario, r.About)
	if r.Senders != nil {
		r.sendersTable(t)
		return t.err
	}
	t.printf("%s services every %g s, measured for %.0f s; %d cores, load average before %.1f\n\n",
		thousands(r.Services), r.Interval, r.Seconds, r.Machine, r.LoadAverage)
	printSteps(t, r.Name, r.Search)
	if r.Peer != nil {
		printSteps(t, r.Peer.Name, r.PeerSearch)
	}
	r.rows(t)
	r.details(t)
	for _, note := range r.Notes {
		t.printf("%s\n", note)
	}
	if r.Peer != nil {
		t.printf("\n%s completed %.1f times the checks of %s, for which a check costs %.1f times the CPU.\n", r.Name, r.Ratio, r.Peer.Name, r.CPURatio)
	}
	if r.Stopped {
		t.printf("\nStopped early: the figures are of what was measured until then.\n")
	}
	return t.err
}

// table writes until an error, which it keeps.
type table struct {
	w   io.Writer
	err error
}

func (t *table) printf(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

// columns has fill write lines of cells and prints them with their columns to the right.
func (t *table) columns(fill func(w io.Writer)) {
	if t.err == nil {
		w := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fill(w)
		t.err = w.Flush()
	}
}

func (r *Report) rows(t *table) {
	t.columns(func(w io.Writer) {
		fmt.Fprint(w, "\toffered/s\tcompleted/s\tlate p50\tp99\tmax ms\tµs CPU/check\tcores\tRSS MB\tnot OK\t\n")
		if r.Without != nil {
			r.row(w, "without", r.Without)
			r.row(w, "with", &r.Figures)
		} else {
			r.row(w, r.Name, &r.Figures)
		}
		if r.Peer != nil {
			r.row(w, r.Peer.Name, r.Peer)
		}
	})
}

// sendersTable has a line for each sender.
func (r *Report) sendersTable(t *table) {
	t.printf("%s services; %d cores, load average before %.1f\n", thousands(r.Services), r.Machine, r.LoadAverage)
	engine := ""
	for i, s := range r.Senders {
		if s.Engine == engine {
			continue
		}
		engine = s.Engine
		t.printf("\n%s\n", engine)
		t.columns(func(w io.Writer) {
			fmt.Fprint(w, "\tsent\taccepted/s\tapplied/s\tmissing\tµs CPU/result\tRSS MB\t\n")
			for _, s := range r.Senders[i:] {
				if s.Engine == engine {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.1f\t%.0f\t\n", s.About, thousands(int(s.Sent)), perSecond(s.Accepted, s.Sending),
						perSecond(s.Applied, s.Applying), thousands(int(s.Sent-s.Applied)), s.CPU, float64(s.RSS)/1e6)
				}
			}
		})
	}
	t.printf("\nMissing are those that made no state, of those that the sender gave to the kernel.\nCPU and memory are of the engine with its NSCA server.\n")
	for _, note := range r.Notes {
		t.printf("%s\n", note)
	}
}

func perSecond(n int64, seconds float64) string {
	return thousands(int(math.Round(float64(n) / max(seconds, 1e-3))))
}

func (r *Report) row(w io.Writer, name string, f *Figures) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.0f\t%d\t\n", name, thousands(int(math.Round(f.OfferedPerS))), thousands(int(math.Round(f.CompletedPerS))),
		f.Lateness.P50, f.Lateness.P99, f.Lateness.Max, f.CPU.Total, f.Cores, float64(f.RSS)/1e6, f.Errors)
}

// details prints what is worth a sentence.
func (r *Report) details(t *table) {
	t.printf("\n")
	if p := r.CPU.Parts; p != nil {
		t.printf("CPU µs: core %.1f, bus %.1f, poller %.1f, result %.1f, broks %.1f, gc %.1f, other %.1f, forked %.1f\n",
			p.Core, p.Bus, p.Poller, p.Result, p.Broks, p.GC, p.Other, r.CPU.Forked)
	}
	t.printf("%s bytes a service, all in; %.0f MB at the peak; at most %s checks under way\n",
		thousands(int(r.BytesPerService)), float64(r.PeakRSS)/1e6, thousands(int(r.InFlight)))
	t.printf("cores: the engine %.2f, the fake targets %.2f, everything else on this machine %.2f\n", r.Cores, r.TargetCores, r.OtherCores)
	if r.OtherCores > busy {
		t.printf("The machine was busy with something else: measure again on a quiet one.\n")
	}
}

// thousands writes a number with commas between the thousands.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
