package poison_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/poison"
)

func TestTheFirstOfAStreamAreToldAndThenOneAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		b := poison.NewBin(func(kind, about, why string) { told = append(told, kind+" "+about+": "+why) })
		put := func(s bus.Stream, seq uint64, data string) {
			b.Put(s, &bus.Msg{Subject: "pas.1.x", Seq: seq, Data: []byte(data)}, errors.New("it ends too soon"))
		}
		for seq := range uint64(10) {
			put(bus.PASSIVE, seq+1, "\xc1rubbish")
		}
		put(bus.CMD, 1, "")
		time.Sleep(2 * time.Hour)
		put(bus.PASSIVE, 11, "a message that is longer than what is shown of one")
		want := []string{
			`poison stream PASSIVE: message 1 on "pas.1.x" is passed over: it ends too soon; it has 8 bytes and begins with c172756262697368`,
			`poison stream PASSIVE: message 2 on "pas.1.x" is passed over: it ends too soon; it has 8 bytes and begins with c172756262697368`,
			`poison stream PASSIVE: message 3 on "pas.1.x" is passed over: it ends too soon; it has 8 bytes and begins with c172756262697368`,
			`poison stream CMD: message 1 on "pas.1.x" is passed over: it ends too soon; it has 0 bytes and begins with `,
			`poison stream PASSIVE: message 11 on "pas.1.x" is passed over: it ends too soon; it has 50 bytes and begins with 61206d6573736167652074686174206973206c6f6e676572207468616e207768; 7 others since the last that was told`,
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNoBinTellsNobody(t *testing.T) {
	var b *poison.Bin
	b.Put(bus.RES, &bus.Msg{}, errors.New("unreadable"))
}
