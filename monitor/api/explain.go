package api

import "github.com/onbu/onbu/monitor"

// Explanation is why an object is as it is, as the API gives it.
type Explanation struct {
	Object
	Shard     uint16      `json:"shard"`
	Epoch     uint64      `json:"epoch"`
	Command   string      `json:"check_command"`
	Line      string      `json:"command_line"`
	Pool      string      `json:"poller_tag"`
	Checking  string      `json:"checking"`
	InFlight  bool        `json:"check_under_way"`
	Sent      float64     `json:"check_sent"`
	Period    string      `json:"check_period"`
	PeriodNow bool        `json:"in_check_period"`
	Parents   []Neighbour `json:"parents"`
	Children  []Neighbour `json:"children"`
	DependsOn []Neighbour `json:"depends_on"`
	Roots     []Neighbour `json:"roots"`
	// Impacts are the first of ImpactCount objects.
	Impacts     []Neighbour `json:"impacts"`
	ImpactCount int         `json:"impact_count"`
	Why         []string    `json:"why"`
	Told        []Telling   `json:"told"`
	Downtimes   []Downtime  `json:"downtimes"`
	CommentList []Comment   `json:"comments"`
	// Untold says of each contact whether a problem would be told now, and if not, why.
	Untold []Untold `json:"contacts"`
}

// Untold is a contact; Why is empty if it would be told.
type Untold struct {
	Contact string `json:"contact"`
	Why     string `json:"not_told_because,omitempty"`
}

// Neighbour is an object that has to do with another one.
type Neighbour struct {
	Host      string  `json:"host"`
	Service   string  `json:"service,omitempty"`
	State     string  `json:"state"`
	StateType string  `json:"state_type"`
	LastCheck float64 `json:"last_check"`
	// Shard is where it lives if that is another one than the object's.
	Shard *monitor.Shard `json:"shard,omitempty"`
}

// Telling is one notification.
type Telling struct {
	Time    float64 `json:"time"`
	Contact string  `json:"contact"`
	Type    string  `json:"type"`
	Number  uint32  `json:"number"`
	Command string  `json:"command"`
	// Failed says what went wrong with it; empty when nothing did, or when it is still under way.
	Failed string `json:"failed,omitempty"`
}

// Step is what /api/trace gives, a line each: at first one without Step that says when the check is due, then the steps
// in the order in which they were heard. Error ends them early.
type Step struct {
	Time      float64 `json:"time"`
	Daemon    string  `json:"daemon,omitempty"`
	Step      string  `json:"step,omitempty"`
	NextCheck float64 `json:"next_check,omitempty"`
	Error     string  `json:"error,omitempty"`
}
