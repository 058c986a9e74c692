package broker

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

// Downtime is a downtime as the API gives it.
type Downtime struct {
	ID       uint64  `json:"id"`
	Host     string  `json:"host"`
	Service  string  `json:"service,omitempty"`
	Author   string  `json:"author"`
	Comment  string  `json:"comment"`
	Start    float64 `json:"start"`
	End      float64 `json:"end"`
	Fixed    bool    `json:"fixed"`
	Duration float64 `json:"duration"`
	Began    float64 `json:"began"`
	// Trigger is the number of the downtime that it begins and ends with; left out if it stands for itself.
	Trigger uint64 `json:"trigger_id,omitempty"`
}

// Comment is a comment as the API gives it.
type Comment struct {
	ID         uint64  `json:"id"`
	Host       string  `json:"host"`
	Service    string  `json:"service,omitempty"`
	Author     string  `json:"author"`
	Text       string  `json:"text"`
	Entered    float64 `json:"entered"`
	Persistent bool    `json:"persistent"`
	Expires    float64 `json:"expires,omitempty"` // when it goes by itself
}

func explanationOf(e *monitor.Explanation, failed func(*monitor.Telling) string) Explanation {
	out := Explanation{
		Object: ObjectOf(&e.Status), Shard: uint16(e.Shard), Epoch: uint64(e.Epoch), Command: e.Command, Line: e.Line, Pool: e.Pool,
		Checking: e.Checking, InFlight: e.InFlight, Sent: e.Sent.Unix(), Period: e.Period, PeriodNow: e.PeriodNow,
		Parents: neighbours(e.Parents), Children: neighbours(e.Children),
		DependsOn: neighbours(e.Masters), Roots: neighbours(e.Roots), Impacts: neighbours(e.Impacts), ImpactCount: e.ImpactCount,
		Why: append([]string{}, e.Why...), Told: []Telling{},
		Downtimes: downtimes(e.Downtimes), CommentList: comments(e.Comments), Untold: []Untold{},
	}
	for _, u := range e.Untold {
		out.Untold = append(out.Untold, Untold(u))
	}
	for i := range e.Told {
		t := &e.Told[i]
		out.Told = append(out.Told, Telling{t.Time.Unix(), t.Contact, t.Type, t.Number, t.Command, failed(t)})
	}
	return out
}

func neighbours(all []monitor.Neighbour) []Neighbour {
	out := []Neighbour{}
	for _, n := range all {
		one := Neighbour{Host: n.Ref.Host, Service: n.Ref.Service, State: stateName(n), StateType: n.Type.String(), LastCheck: n.Check.Unix()}
		if n.Elsewhere {
			one.Shard = &n.Shard
		}
		out = append(out, one)
	}
	return out
}

func stateName(n monitor.Neighbour) string {
	if n.Ref.Service == "" {
		return n.State.HostName()
	}
	return n.State.ServiceName()
}

func downtimes(all []monitor.Downtime) []Downtime {
	out := []Downtime{}
	for _, d := range all {
		out = append(out, Downtime{
			ID: d.ID, Host: d.Ref.Host, Service: d.Ref.Service, Author: d.Author, Comment: d.Comment,
			Start: d.Start.Unix(), End: d.End.Unix(), Fixed: d.Fixed, Duration: d.Duration.Seconds(), Began: d.Began.Unix(), Trigger: d.Trigger,
		})
	}
	return out
}

func comments(all []monitor.Comment) []Comment {
	out := []Comment{}
	for _, c := range all {
		out = append(out, Comment{c.ID, c.Ref.Host, c.Ref.Service, c.Author, c.Text, c.Entered.Unix(), c.Persistent, c.Expires.Unix()})
	}
	return out
}
