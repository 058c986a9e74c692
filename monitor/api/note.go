package api

import "github.com/onbu/onbu/monitor"

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

// DowntimeOf gives a downtime as the API shows it.
func DowntimeOf(d *monitor.Downtime) Downtime {
	return Downtime{
		ID: d.ID, Host: d.Ref.Host, Service: d.Ref.Service, Author: d.Author, Comment: d.Comment,
		Start: d.Start.Unix(), End: d.End.Unix(), Fixed: d.Fixed, Duration: d.Duration.Seconds(), Began: d.Began.Unix(), Trigger: d.Trigger,
	}
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

// CommentOf gives a comment as the API shows it.
func CommentOf(c *monitor.Comment) Comment {
	return Comment{c.ID, c.Ref.Host, c.Ref.Service, c.Author, c.Text, c.Entered.Unix(), c.Persistent, c.Expires.Unix()}
}
