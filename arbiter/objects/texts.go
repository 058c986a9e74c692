package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
)

// Texts is what the files of a configuration held when it was read, small enough to be kept. It never changes.
type Texts struct {
	files  []textFile
	size   int
	packed []byte
}

// textFile is a file and how many bytes of the whole are its own.
type textFile struct {
	path         string
	size         int
	main, script bool
}

// Text is a file of objects that lies on no disk.
type Text struct {
	// Name stands where others have their path.
	Name, Text string
}

// keepTexts packs what was read.
func (l *loader) keepTexts() *Texts {
	t := &Texts{}
	var whole []byte
	for _, s := range l.sources {
		t.files = append(t.files, textFile{s.path, len(s.text), s.main, s.script})
		whole = append(whole, s.text...)
	}
	t.size, t.packed = len(whole), s2.Encode(nil, whole)
	return t
}

// unpack gives the files as those that are to be read; the main file is the first.
func (t *Texts) unpack() ([]wanted, error) {
	whole, err := s2.Decode(nil, t.packed)
	if err != nil {
		return nil, err
	}
	text := string(whole)
	var all []wanted
	for _, f := range t.files {
		all = append(all, wanted{path: f.path, main: f.main, script: f.script, text: text[:f.size], kept: true})
		text = text[f.size:]
	}
	return all, nil
}

// sum is a hash of what the files hold, in their order and wherever they lie; hosts that are made meanwhile are no part of it.
func (l *loader) sum() string {
	h := sha256.New()
	for _, s := range l.sources {
		if slices.ContainsFunc(l.opts.More, func(t Text) bool { return t.Name == s.path }) {
			continue
		}
		fmt.Fprintf(h, "%d\n%s", len(s.text), s.text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
