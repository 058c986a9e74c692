package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Report is what a run measured. Its JSON is for machines; Write is for people. The figures at the top are Onbu's.
type Report struct {
	Scenario    string    `json:"scenario"`
	Time        time.Time `json:"time"`
	Machine     int       `json:"machine_cores"`
	LoadAverage float64   `json:"load_average"` // before the run
	Services    int       `json:"services"`
	Interval    float64   `json:"interval"`      // seconds
	Seconds     float64   `json:"seconds"`       // of the window
	OfferedPerS float64   `json:"offered_per_s"` // of what the figures are about
	Figures
	// Without is the same load without the company that should not matter to it.
	Without *Figures `json:"without,omitempty"`
	Peer    *Figures `json:"peer,omitempty"`
	// Ratio is how many checks Onbu completed for one of the peer's, CPURatio how many it makes with the CPU of one.
	Ratio    float64 `json:"ratio,omitempty"`
	CPURatio float64 `json:"cpu_ratio,omitempty"`
}

// Figures is what one engine did.
type Figures struct {
	Name          string   `json:"name"`
	CompletedPerS float64  `json:"completed_per_s"`
	Lateness      Lateness `json:"lateness_ms"`
	CPU           CPU      `json:"cpu_us_per_check"`
	// InFlight is the most checks under way at once, as far as they were looked at: once a second.
	InFlight int64 `json:"in_flight"`
	// Cores are cores in use (2.0: two cores full): by the engine with what it forked, by the fake target, and by
	// everything else on the machine, the kernel's own work included.
	Cores       float64 `json:"cores"`
	TargetCores float64 `json:"target_cores"`
	OtherCores  float64 `json:"other_cores"`
	// RSS is the memory of the engine's main process at the end of the window, in bytes.
	RSS             int64 `json:"rss_bytes"`
	PeakRSS         int64 `json:"peak_rss_bytes"`
	BytesPerService int64 `json:"bytes_per_service"`
	// Errors is the largest number of services seen at once that should have been OK and were not.
	Errors int `json:"errors"`
}

// Lateness is the time from when a check was due to when it began, in ms.
type Lateness struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// CPU is CPU time for one check in µs: of the engine's main process, of all that it forked, and both.
type CPU struct {
	Engine float64 `json:"engine"`
	Forked float64 `json:"forked"`
	Total  float64 `json:"total"`
}

// compare fills in the ratios. CPU is compared when both did something.
func (r *Report) compare() {
	if r.Peer.CompletedPerS > 0 {
		r.Ratio = r.CompletedPerS / r.Peer.CompletedPerS
	}
	if r.CPU.Total > 0 {
		r.CPURatio = r.Peer.CPU.Total / r.CPU.Total
	}
}

// Write prints the report as a table.
func (r *Report) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s: %d services every %g s, measured for %g s; %d cores, load average before %.1f\n\n",
		r.Scenario, r.Services, r.Interval, r.Seconds, r.Machine, r.LoadAverage)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\toffered/s\tcompleted/s\tlate p50\tp99\tmax ms\tin flight\tµs CPU/check\tforked\tcores\ttarget\tother\tRSS MB\tpeak\tnot OK\t\n")
	if r.Without != nil {
		r.row(t, "without", r.Without)
		r.row(t, "with", &r.Figures)
	} else {
		r.row(t, r.Name, &r.Figures)
	}
	if r.Peer != nil {
		r.row(t, r.Peer.Name, r.Peer)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Peer == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s completed %.1f times the checks of %s, for which a check costs %.1f times the CPU.\n", r.Name, r.Ratio, r.Peer.Name, r.CPURatio)
	return err
}

func (r *Report) row(w io.Writer, name string, f *Figures) {
	fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.1f\t%.1f\t%.1f\t%d\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t%d\t\n", name, r.OfferedPerS, f.CompletedPerS,
		f.Lateness.P50, f.Lateness.P99, f.Lateness.Max, f.InFlight, f.CPU.Total, f.CPU.Forked, f.Cores, f.TargetCores, f.OtherCores,
		float64(f.RSS)/1e6, float64(f.PeakRSS)/1e6, f.Errors)
}
