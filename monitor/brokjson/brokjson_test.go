package brokjson_test

import (
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/brokjson"
)

func TestEventsAsOthersReadThem(t *testing.T) {
	for _, c := range []struct {
		brok monitor.Brok
		want string
	}{
		{
			monitor.Brok{
				Kind: monitor.BrokNotification, Time: 1_700_000_000_500_000_000, NotificationType: "PROBLEM", Text: "SERVICE NOTIFICATION: <&>\n",
				Action: &monitor.Action{ID: "7f", Contact: "ann", Command: "mail", Ref: monitor.Ref{Host: "web", Service: "disk"}},
			},
			`{"time":"2023-11-14T22:13:20.5Z","kind":"notification","host":"web","service":"disk","type":"PROBLEM","contact":"ann","command":"mail","id":"7f","text":"SERVICE NOTIFICATION: <&>\n","v":1}`,
		},
		{
			(&monitor.Check{Ref: monitor.Ref{Host: "web"}, Time: 1e9, State: monitor.Down, Attempt: 2, Output: "no", Perfdata: "a=1", Started: 5e8, Latency: 2e6, Module: "icmp", NoPerfdata: true}).Brok(),
			`{"time":"1970-01-01T00:00:01Z","kind":"check","host":"web","state":"DOWN","state_type":"SOFT","attempt":2,"output":"no","perfdata":"a=1","started":0.5,"latency":0.002,"module":"icmp","no_perfdata":true,"v":1}`,
		},
		{
			monitor.Brok{Kind: monitor.BrokLog, Time: 1e9, Text: "PASSIVE SERVICE CHECK: web;disk;0;fine"},
			`{"time":"1970-01-01T00:00:01Z","kind":"log","host":"web","service":"disk","text":"PASSIVE SERVICE CHECK: web;disk;0;fine","v":1}`,
		},
		{monitor.Brok{Kind: monitor.BrokState, Status: &monitor.Status{}}, ""},
		{monitor.Brok{Kind: monitor.BrokProgram, Shard: 1}, ""},
	} {
		got := ""
		if e, ok := brokjson.Of(&c.brok); ok {
			text, err := brokjson.Append([]byte("x"), &e)
			if err != nil {
				t.Fatal(err)
			}
			got = string(text[1:])
		}
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
