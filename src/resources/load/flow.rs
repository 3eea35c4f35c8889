//! How much of several demands can be covered, when each minute of a resource covers only one of them.
//!
//! This is a greatest flow from demands over resources: found exactly, by shortest paths, level by level. Demands that
//! the same resources can cover are first made one, and so are resources that can cover the same demands.

use std::collections::{BTreeMap, VecDeque};

/// What is asked for, and who could do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand<'a> {
    /// How many minutes.
    pub minutes: u64,
    /// Who can cover them, as places in the list of free minutes; those beyond its end cover nothing.
    pub coverable_by: &'a [usize],
}

/// The most minutes of all demands together that the free minutes of resources can cover. Demands and free minutes must
/// each sum to at most `u64::MAX`; beyond that the answer stays at or below it and may be less than the most.
pub fn coverable(demands: &[Demand<'_>], free: &[u64]) -> u64 {
    let demands = merged_demands(demands, free);
    let resources = merged_resources(&demands, free);
    let (first_resource, sink) = (demands.len() + 1, demands.len() + resources.len() + 1);
    let mut network = Network::new(sink + 1);
    for (at, (_, minutes)) in demands.iter().enumerate() {
        network.add(0, at + 1, *minutes);
    }
    for (at, (covers, minutes)) in resources.iter().enumerate() {
        for demand in covers {
            network.add(demand + 1, first_resource + at, u64::MAX);
        }
        network.add(first_resource + at, sink, *minutes);
    }
    network.greatest(0, sink)
}

/// Demands by those who can cover them.
fn merged_demands(demands: &[Demand<'_>], free: &[u64]) -> Vec<(Vec<usize>, u64)> {
    let mut merged: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
    for demand in demands.iter().filter(|demand| demand.minutes > 0) {
        let has_free = |at: &usize| free.get(*at).is_some_and(|minutes| *minutes > 0);
        let mut by: Vec<usize> = demand.coverable_by.iter().copied().filter(has_free).collect();
        by.sort_unstable();
        by.dedup();
        if !by.is_empty() {
            let sum = merged.entry(by).or_default();
            *sum = sum.saturating_add(demand.minutes);
        }
    }
    merged.into_iter().collect()
}

/// The free minutes of resources by the demands that they can cover.
fn merged_resources(demands: &[(Vec<usize>, u64)], free: &[u64]) -> Vec<(Vec<usize>, u64)> {
    let mut covers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (demand, (by, _)) in demands.iter().enumerate() {
        for resource in by {
            covers.entry(*resource).or_default().push(demand);
        }
    }
    let mut merged: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
    for (resource, demands) in covers {
        let sum = merged.entry(demands).or_default();
        *sum = sum.saturating_add(free.get(resource).copied().unwrap_or(0));
    }
    merged.into_iter().collect()
}

/// An edge: where it leads and how much more can go along it.
struct Edge {
    to: usize,
    room: u64,
}

/// Nodes and edges; every edge is followed by the one that leads back.
struct Network {
    edges: Vec<Edge>,
    from: Vec<Vec<usize>>,
}

impl Network {
    fn new(nodes: usize) -> Self {
        Self { edges: vec![], from: vec![vec![]; nodes] }
    }

    fn add(&mut self, from: usize, to: usize, room: u64) {
        self.from[from].push(self.edges.len());
        self.edges.push(Edge { to, room });
        self.from[to].push(self.edges.len());
        self.edges.push(Edge { to: from, room: 0 });
    }

    /// The most that can flow from a node to another.
    fn greatest(&mut self, source: usize, sink: usize) -> u64 {
        let mut sum: u64 = 0;
        loop {
            let levels = self.levels(source);
            if levels[sink] == usize::MAX {
                return sum;
            }
            let mut next = vec![0; self.from.len()];
            while let Some(path) = self.path(source, sink, &levels, &mut next) {
                sum = sum.saturating_add(self.push(&path));
            }
        }
    }

    /// How many edges with room each node is away from the source; the greatest number where none lead to it.
    fn levels(&self, source: usize) -> Vec<usize> {
        let mut levels = vec![usize::MAX; self.from.len()];
        levels[source] = 0;
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            for edge in self.from[node].iter().map(|at| &self.edges[*at]) {
                if edge.room > 0 && levels[edge.to] == usize::MAX {
                    levels[edge.to] = levels[node] + 1;
                    queue.push_back(edge.to);
                }
            }
        }
        levels
    }

    /// Edges with room that lead from the source to the sink, each one level on. `next` tells for every node which of
    /// its edges is still to be tried.
    fn path(&self, source: usize, sink: usize, levels: &[usize], next: &mut [usize]) -> Option<Vec<usize>> {
        let mut path: Vec<usize> = vec![];
        let mut node = source;
        while node != sink {
            if let Some(edge) = self.from[node].get(next[node]) {
                let Edge { to, room } = self.edges[*edge];
                if room > 0 && levels[to] == levels[node] + 1 {
                    path.push(*edge);
                    node = to;
                } else {
                    next[node] += 1;
                }
            } else {
                // A dead end: back along the edge that led here, and never along it again. The edge after each one, or
                // before it, leads back.
                node = self.edges[path.pop()? ^ 1].to;
                next[node] += 1;
            }
        }
        Some(path)
    }

    /// Sends as much as there is room for along a path.
    fn push(&mut self, path: &[usize]) -> u64 {
        let most = path.iter().map(|edge| self.edges[*edge].room).min().unwrap_or(0);
        for edge in path {
            self.edges[*edge].room -= most;
            let back = &mut self.edges[edge ^ 1].room;
            *back = back.saturating_add(most);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Random;
    use super::*;

    fn of(demands: &[(u64, &[usize])], free: &[u64]) -> u64 {
        let demands: Vec<_> =
            demands.iter().map(|(minutes, coverable_by)| Demand { minutes: *minutes, coverable_by }).collect();
        coverable(&demands, free)
    }

    #[test]
    fn a_minute_covers_one_demand_only() {
        assert_eq!(of(&[(60, &[0]), (60, &[0])], &[60]), 60);
        assert_eq!(of(&[(60, &[0, 1]), (60, &[0])], &[60, 60]), 120);
        // The first to be asked must give way: 0 does the second, 1 the first, 2 the third.
        assert_eq!(of(&[(60, &[0, 1]), (60, &[0]), (60, &[1, 2])], &[60, 60, 60]), 180);
        assert_eq!(of(&[(100, &[0, 1])], &[30, 40, 50]), 70);
        assert_eq!(of(&[(100, &[0, 0, 9])], &[30]), 30);
        assert_eq!((of(&[], &[60]), of(&[(60, &[])], &[60]), of(&[(60, &[0])], &[0])), (0, 0, 0));
        assert_eq!(of(&[(u64::MAX, &[0]), (u64::MAX, &[1])], &[u64::MAX, u64::MAX]), u64::MAX);
    }

    /// What can be covered at most is told by the demands that are left out: whichever they are, all others at most
    /// have their minutes, and these at most those of who can cover any of them. The least of it can be reached.
    fn by_all_cuts(demands: &[(u64, Vec<usize>)], free: &[u64]) -> u64 {
        let cut = |cut: usize| {
            let is_in = |at: usize| cut >> at & 1 == 1;
            let whole: u64 = (0..demands.len()).filter(|at| !is_in(*at)).map(|at| demands[at].0).sum();
            let helps = |resource: &usize| (0..demands.len()).any(|at| is_in(at) && demands[at].1.contains(resource));
            whole + (0..free.len()).filter(helps).map(|resource| free[resource]).sum::<u64>()
        };
        (0..1 << demands.len()).map(cut).min().expect("a cut")
    }

    #[test]
    fn the_flow_is_as_great_as_the_smallest_cut() {
        let mut random = Random(2);
        for _ in 0..2_000 {
            let most = random.of(&[3, 10, 1_000]);
            let free: Vec<u64> = (0..random.below(8)).map(|_| u64::from(random.below(most))).collect();
            let demand = |random: &mut Random| {
                let share = random.of(&[2, 3, 5]);
                (u64::from(random.below(most)), (0..free.len()).filter(|_| random.one_in(share)).collect::<Vec<_>>())
            };
            let demands: Vec<_> = (0..random.below(8)).map(|_| demand(&mut random)).collect();
            let given: Vec<_> = demands.iter().map(|(minutes, by)| (*minutes, by.as_slice())).collect();
            assert_eq!(of(&given, &free), by_all_cuts(&demands, &free), "{demands:?} {free:?}");
        }
    }

    #[test]
    fn many_demands_and_resources_take_little_time() {
        let mut random = Random(3);
        let free: Vec<u64> = (0..1_000).map(|_| u64::from(random.below(2_400))).collect();
        let by: Vec<Vec<usize>> = (0..60).map(|_| (0..1_000).filter(|_| random.one_in(10)).collect()).collect();
        let demands: Vec<_> = by.iter().map(|by| Demand { minutes: 20_000, coverable_by: by }).collect();
        let began = std::time::Instant::now();
        let sum = coverable(&demands, &free);
        println!("60 demands of 1,000 resources: {sum} minutes in {:?}", began.elapsed());
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
