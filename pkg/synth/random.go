package synth

import "math"

// random is a SplitMix64 generator. It is written out here rather than taken
// from a library because its sequence is part of what the package promises.
type random struct{ state uint64 }

// newRandom mixes its keys into a generator of its own.
func newRandom(keys ...uint64) *random {
	r := &random{state: 0x9e3779b97f4a7c15}
	for _, k := range keys {
		r.state ^= k
		r.state = r.next()
	}
	return r
}

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is an integer from 0 to n-1.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// between is an integer from low to high, both included.
func (r *random) between(low, high int) int { return low + r.below(high-low+1) }

// chance is true with the probability given in percent.
func (r *random) chance(percent int) bool { return r.below(100) < percent }

// normal is approximately normally distributed: the sum of twelve uniform
// values, which needs no function whose last digit might differ by machine.
func (r *random) normal(mean, deviation float64) float64 {
	sum := 0.0
	for range 12 {
		sum += float64(r.next()>>11) / (1 << 53)
	}
	return mean + float64((sum-6)*deviation)
}

// around is a normally distributed integer within limits.
func (r *random) around(mean, deviation float64, low, high int) int {
	return min(max(int(math.Round(r.normal(mean, deviation))), low), high)
}

func pick[T any](r *random, list []T) T { return list[r.below(len(list))] }

// uuid is a random UUID of version 4.
func (r *random) uuid() string {
	const hex = "0123456789abcdef"
	hi, lo := r.next(), r.next()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(0xc<<60) | 0x8<<60
	b := make([]byte, 0, 36)
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		word := hi
		if i >= 16 {
			word = lo
		}
		b = append(b, hex[word>>(60-4*(i%16))&0xf])
	}
	return string(b)
}
