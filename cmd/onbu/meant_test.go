package main

import (
	"bytes"
	"testing"
)

func TestAMistypedVerbIsGuessed(t *testing.T) {
	for args, want := range map[string]string{
		"usr":   "onbu: no verb is called \"usr\"; did you mean onbu user?\n",
		"nodse": "onbu: no verb is called \"nodse\"; did you mean onbu nodes?\n",
		"xyzzy": "onbu: no verb is called \"xyzzy\"; see onbu help\n",
	} {
		var out, errs bytes.Buffer
		if code := do(t.Context(), []string{args}, &out, &errs); code != exitUsage || errs.String() != want || out.Len() != 0 {
			t.Errorf("onbu %s: exit %d, %q %q", args, code, out.String(), errs.String())
		}
	}
}
