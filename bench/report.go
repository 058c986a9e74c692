package bench

import "time"

// Report is what a run measured. Its JSON is for machines; Write is for people. The figures at the top are Onbu's.
type Report struct {
	Scenario    string    `json:"scenario"`
	About       string    `json:"about"`
	Time        time.Time `json:"time"`
	Machine     int       `json:"machine_cores"`
	LoadAverage float64   `json:"load_average"` // before the run
	Services    int       `json:"services"`
	Interval    float64   `json:"interval"` // seconds
	// Seconds is how long was measured; Stopped says that somebody ended the run early.
	Seconds float64 `json:"seconds"`
	Stopped bool    `json:"stopped,omitempty"`
	Figures
	// Without is the same load without the company that should not matter to it.
	Without *Figures `json:"without,omitempty"`
	Peer    *Figures `json:"peer,omitempty"`
	// Ratio is how many checks Onbu completed for one of the peer's, CPURatio how many it makes with the CPU of one.
	Ratio    float64 `json:"ratio,omitempty"`
	CPURatio float64 `json:"cpu_ratio,omitempty"`
	// Search is how the highest rate was found, if it was looked for.
	Search     []Step `json:"search,omitempty"`
	PeerSearch []Step `json:"peer_search,omitempty"`
	// Account and Trends are what soak looks at.
	Account *Account `json:"account,omitempty"`
	Trends  []*trend `json:"trends,omitempty"`
	// Piggyback is what scenario piggyback looks at.
	Piggyback *Piggyback `json:"piggyback,omitempty"`
	// Senders is what scenario nsca looks at.
	Senders []*NSCASender `json:"senders,omitempty"`
	// Notes are sentences about what the scenario looked at besides.
	Notes []string `json:"notes,omitempty"`
}

// Figures is what one engine did.
type Figures struct {
	Name          string   `json:"name"`
	OfferedPerS   float64  `json:"offered_per_s"`
	CompletedPerS float64  `json:"completed_per_s"`
	Lateness      Lateness `json:"lateness_ms"`
	CPU           CPU      `json:"cpu_us_per_check"`
	// InFlight is the most checks under way at once, as far as they were looked at: once a second.
	InFlight int64 `json:"in_flight"`
	// Cores are cores in use (2.0: two cores full): by the engine with what it forked, by the fake targets, and by
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

	took  time.Duration // the window
	notes []string

	piggyback *Piggyback
}

// Lateness is the time from when a check was due to when it began, in ms.
type Lateness struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// CPU is CPU time for one check in µs: of the engine's main process, which Parts divides up, of all that it forked, and both.
type CPU struct {
	*Parts         // nil for a peer
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
