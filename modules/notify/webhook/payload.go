package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/onbu/onbu/monitor"
)

// payload is the body of a post. Times are Unix seconds with fractions.
type payload struct {
	// ID is the same however often this notification is sent.
	ID string `json:"id"`
	// PossibleDuplicate says that it may have been sent before.
	PossibleDuplicate bool   `json:"possible_duplicate"`
	Type              string `json:"type"`
	// Problem is the same in all notifications about one problem; "" if there is none.
	Problem        string  `json:"problem"`
	Number         uint32  `json:"number"`
	Escalated      bool    `json:"escalated"`
	Time           float64 `json:"time"`
	Contact        string  `json:"contact"`
	Email          string  `json:"email,omitempty"`
	Pager          string  `json:"pager,omitempty"`
	Host           string  `json:"host"`
	HostAlias      string  `json:"host_alias"`
	Address        string  `json:"address"`
	HostState      string  `json:"host_state"`
	Service        string  `json:"service"`
	State          string  `json:"state"`
	StateType      string  `json:"state_type"`
	Attempt        uint16  `json:"attempt"`
	MaxAttempts    uint16  `json:"max_attempts"`
	Since          float64 `json:"since"`
	Output         string  `json:"output"`
	LongOutput     string  `json:"long_output"`
	Perfdata       string  `json:"perfdata"`
	Author         string  `json:"author,omitempty"`
	Comment        string  `json:"comment,omitempty"`
	BusinessImpact int8    `json:"business_impact"`
	Impacts        uint32  `json:"impacts"`
	NotesURL       string  `json:"notes_url,omitempty"`
	ActionURL      string  `json:"action_url,omitempty"`
}

func body(a *monitor.Action, again bool) ([]byte, error) {
	n := a.Notice
	p := payload{
		ID: a.ID, PossibleDuplicate: again, Type: n.Type, Number: n.Number, Escalated: n.Escalated, Time: a.Time.Unix(),
		Contact: a.Contact, Email: n.Email, Pager: n.Pager,
		Host: a.Host, HostAlias: n.HostAlias, Address: n.Address, HostState: n.HostState.HostName(), Service: a.Service,
		State: n.State.ServiceName(), StateType: n.StateType.String(), Attempt: n.Attempt, MaxAttempts: n.MaxAttempts,
		Since: n.Since.Unix(), Output: n.Output, LongOutput: n.LongOutput, Perfdata: n.Perfdata,
		Author: n.Author, Comment: n.Comment, BusinessImpact: n.BusinessImpact, Impacts: n.Impacts,
		NotesURL: n.NotesURL, ActionURL: n.ActionURL,
	}
	if a.IsHost() {
		p.State = n.State.HostName()
	}
	if n.Problem != 0 {
		p.Problem = strconv.FormatUint(n.Problem, 10)
	}
	return json.Marshal(p)
}

// sign gives the signature of a body sent at a time: the HMAC-SHA256 of the time, a dot and the body, so that nobody can
// send an old one again.
func sign(key []byte, unix string, body []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(unix))
	h.Write([]byte{'.'})
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}
