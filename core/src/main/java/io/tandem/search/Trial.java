package io.tandem.search;

/**
 * One try of a candidate.
 *
 * @param number of the candidate, from 0
 * @param candidate the hyperparameters
 * @param budget what the trial may spend, as a rule epochs
 * @param seed for all random numbers of the trial; it depends on the study's seed and the candidate's number alone
 */
public record Trial(int number, Candidate candidate, int budget, long seed) {
    /** The value of a hyperparameter. */
    public <T> T get(Parameter<T> parameter) {
        return candidate.get(parameter);
    }
}
