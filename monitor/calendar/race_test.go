//go:build race

package calendar_test

// raceDetector says whether the tests run with it.
const raceDetector = true
